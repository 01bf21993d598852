//! Mail as a mail server gets it, and as its reader's program reads it.

use mail_parser::{HeaderValue, MessageParser};
use rstest::rstest;
use std::sync::{Arc, Mutex};
use tests::{Database, TestApp};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// A mail server that takes everything, and remembers what it was told.
#[derive(Clone, Default)]
struct MailServer {
    heard: Arc<Mutex<Heard>>,
}

#[derive(Clone, Default)]
struct Heard {
    greetings: Vec<String>,
    recipients: Vec<String>,
    mails: Vec<String>,
    /// So many mails are put off first.
    busy: u32,
}

impl MailServer {
    /// Returns its address.
    async fn open(busy: u32) -> (Self, String) {
        let server = Self::default();
        server.heard.lock().unwrap().busy = busy;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = server.clone();
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let serving = serving.clone();
                tokio::spawn(async move { serving.serve(connection).await });
            }
        });
        (server, format!("smtp://{address}"))
    }

    async fn serve(&self, connection: TcpStream) -> Option<()> {
        let (read, mut write) = connection.into_split();
        let mut lines = BufReader::new(read).lines();
        write.write_all(b"220 here\r\n").await.ok()?;
        while let Some(line) = lines.next_line().await.ok()? {
            let answer = match line.split([' ', ':']).next().unwrap_or_default() {
                "EHLO" => {
                    self.heard.lock().unwrap().greetings.push(line);
                    "250 hello"
                }
                "RCPT" => {
                    self.heard.lock().unwrap().recipients.push(line);
                    "250 fine"
                }
                "DATA" => {
                    write.write_all(b"354 go on\r\n").await.ok()?;
                    let mut mail = String::new();
                    while let Some(line) = lines.next_line().await.ok()?
                        && line != "."
                    {
                        mail.push_str(line.strip_prefix("..").map_or(&line, |_| &line[1..]));
                        mail.push_str("\r\n");
                    }
                    let mut heard = self.heard.lock().unwrap();
                    heard.mails.push(mail);
                    if heard.busy > 0 {
                        heard.busy -= 1;
                        "451 busy"
                    } else {
                        "250 taken"
                    }
                }
                "QUIT" => "221 bye",
                _ => "250 fine",
            };
            write.write_all(format!("{answer}\r\n").as_bytes()).await.ok()?;
        }
        Some(())
    }

    fn heard(&self) -> Heard {
        self.heard.lock().unwrap().clone()
    }
}

async fn sign_up(site: &TestApp, email: &str) {
    let fields = [("nickname", "はなこ"), ("email", email), ("password", "かぼちゃを つぶす 朝")];
    site.visitor().post("/signup", &fields).await.expect(200);
    site.run_jobs().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_has_what_large_providers_ask_for_and_one_name_however_often_it_is_sent(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let (server, url) = MailServer::open(1).await;
    let settings = [
        ("SMTP_URL", url.as_str()),
        ("MAIL_FROM", "めぐるみ <news@example.jp>"),
        ("BASE_URL", "https://megurumi.example.jp"),
    ];
    let site = TestApp::start_with(database, &settings).await;
    sign_up(&site, "hanako@example.com").await;
    site.clock.advance(std::time::Duration::from_secs(3600));
    site.run_jobs().await;
    let heard = server.heard();
    assert!(!heard.greetings.is_empty());
    assert!(
        heard.greetings.iter().all(|line| line == "EHLO megurumi.example.jp"),
        "{:?}",
        heard.greetings
    );
    let [first, second] = &heard.mails[..] else { panic!("{:?}", heard.mails) };
    let parser = MessageParser::default();
    let [first, second] = [first, second].map(|raw| parser.parse(raw.as_bytes()).unwrap());
    let id = first.message_id().unwrap();
    assert!(id.ends_with("@example.jp") && id.len() > 30, "{id}");
    assert_eq!(second.message_id(), Some(id));
    let header = |name: &str| match first.header(name) {
        Some(HeaderValue::Text(text)) => text.to_string(),
        other => panic!("{name}: {other:?}"),
    };
    assert_eq!(header("MIME-Version"), "1.0");
    assert_eq!(header("Auto-Submitted"), "auto-generated");
    assert!(first.date().is_some());
    assert_eq!(first.from().unwrap().first().unwrap().name(), Some("めぐるみ"));
    assert_eq!(first.to().unwrap().first().unwrap().address(), Some("hanako@example.com"));
    assert!(first.body_text(0).unwrap().contains("https://megurumi.example.jp/"));
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mail_goes_to_addresses_that_carriers_gave_out(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
) {
    let (server, url) = MailServer::open(0).await;
    let site = TestApp::start_with(database, &[("SMTP_URL", url.as_str())]).await;
    sign_up(&site, "foo..bar@docomo。ne。jp").await;
    let heard = server.heard();
    assert_eq!(heard.recipients, ["RCPT TO:<\"foo..bar\"@docomo.ne.jp>"]);
    let mail = &heard.mails[0];
    assert!(mail.contains("To: \"foo..bar\"@docomo.ne.jp\r\n"), "{mail}");
}
