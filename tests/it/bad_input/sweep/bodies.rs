//! What is sent: forms with something hostile in every field, and what no form would send.

use tests::browser::encoded;

/// Every name that some form or address of the site knows, and one that none does.
pub const NAMES: [&str; 25] = [
    "q",
    "kind",
    "region",
    "age",
    "after",
    "before",
    "next",
    "token",
    "title",
    "body",
    "lang",
    "nickname",
    "email",
    "password",
    "current_password",
    "version",
    "tags",
    "age_from",
    "age_to",
    "photos_order",
    "reason",
    "note",
    "on",
    "until",
    "x",
];

/// One body with its content type.
pub type Sent = (String, Vec<u8>);

const FORM: &str = "application/x-www-form-urlencoded";
const MULTIPART: &str = "multipart/form-data; boundary=b";

/// What opens a route's door, so that what is behind it gets to see the rest.
fn frames(path: &str) -> &'static [&'static [(&'static str, &'static str)]] {
    match path {
        "/me/settings" => &[&[("action", "profile")], &[("action", "password")]],
        "/review/{id}" => &[
            &[("action", "reject"), ("reason", "quality"), ("version", "1")],
            &[("action", "approve"), ("version", "1")],
        ],
        "/posts/{id}/edit" => &[
            &[("action", "submit"), ("version", "2")],
            &[("action", "video-retry"), ("version", "2")],
            &[("action", "video-slow"), ("version", "2")],
            &[("action", "photo-up-x"), ("version", "2")],
        ],
        "/posts/{id}/draft" => &[&[("version", "2")]],
        "/posts/new" => &[&[("kind", "recipe"), ("action", "submit")]],
        "/posts/{id}/thanks" => &[&[("on", "1")]],
        _ => &[&[]],
    }
}

/// All names with this value, but for those of the frame.
fn form(frame: &[(&str, &str)], value: &[u8]) -> Vec<u8> {
    let mut body = String::new();
    for (name, value) in frame {
        body.push_str(&format!("{name}={value}&"));
    }
    for name in NAMES.iter().filter(|name| frame.iter().all(|(known, _)| known != *name)) {
        body.push_str(&format!("{name}={}&", encoded(value)));
    }
    body.into_bytes()
}

fn multipart(frame: &[(&str, &str)], value: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    let mut part = |head: &[u8], value: &[u8]| {
        body.extend(b"--b\r\ncontent-disposition: form-data; ");
        body.extend(head);
        body.extend(b"\r\n\r\n");
        body.extend(value);
        body.extend(b"\r\n");
    };
    for (name, value) in frame {
        part(format!("name=\"{name}\"").as_bytes(), value.as_bytes());
    }
    for name in NAMES.iter().filter(|name| frame.iter().all(|(known, _)| known != *name)) {
        part(format!("name=\"{name}\"").as_bytes(), value);
    }
    let plain: Vec<u8> =
        value.iter().copied().filter(|byte| !b"\r\n\"\\\0".contains(byte)).collect();
    for name in ["photos", "video", "x"] {
        part(
            &[
                format!("name=\"{name}\"; filename=\"").as_bytes(),
                &plain,
                b"\"\r\ncontent-type: x/",
                &plain,
            ]
            .concat(),
            value,
        );
    }
    body.extend(b"--b--\r\n");
    body
}

/// What no form would send.
fn garbage() -> Vec<Sent> {
    let noise: Vec<u8> =
        (0..5000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let mut all = vec![
        (String::new(), Vec::new()),
        (String::new(), noise.clone()),
        ("application/json".to_owned(), b"{\"title\": [{}], \"on\": 1}".to_vec()),
        ("text/plain".to_owned(), noise.clone()),
        (format!("{FORM}; charset=utf-16"), noise.clone()),
        ("multipart/form-data".to_owned(), noise.clone()),
        (format!("multipart/form-data; boundary={}", "b".repeat(500)), noise.clone()),
        ("multipart/form-data; boundary=\"".to_owned(), noise.clone()),
    ];
    for kind in [FORM, MULTIPART] {
        all.extend([(kind.to_owned(), Vec::new()), (kind.to_owned(), noise.clone())]);
    }
    let broken: [&[u8]; 8] = [
        b"--b",
        b"--b\r\n",
        b"--b--\r\n",
        b"--b\r\n\r\nx\r\n--b--\r\n",
        b"--b\r\ncontent-disposition: form-data\r\n\r\nx\r\n--b--\r\n",
        b"--b\r\ncontent-disposition: form-data; name=\"title\"\r\n\r\nx",
        b"--b\r\ncontent-disposition: form-data; name=\"photos\"; filename=\"a\"\r\n\r\nx\r\n",
        b"--b\r\n\xff\xfe: \0\r\ncontent-disposition: form-data; name=\"\xff\0\"; filename=\"\0\xff\"\r\n\r\nx\r\n--b--\r\n",
    ];
    all.extend(broken.map(|body| (MULTIPART.to_owned(), body.to_vec())));
    all
}

/// The bodies for one route, each for a scene of its own.
pub fn bodies(path: &str, values: &[Vec<u8>]) -> Vec<Sent> {
    let mut all = garbage();
    for (nth, frame) in frames(path).iter().enumerate() {
        for value in values.iter().filter(|value| value.len() < 100) {
            all.push((FORM.to_owned(), form(frame, value)));
            // Each brings a photo and a clip, which the worker looks at in the end.
            if nth == 0 && path.starts_with("/posts/") {
                all.push((MULTIPART.to_owned(), multipart(frame, value)));
            }
        }
        // 10,000 characters in every field: of one byte in all at once, of three in each.
        all.push((FORM.to_owned(), form(frame, &[b'x'; 10_000])));
        all.push((MULTIPART.to_owned(), multipart(frame, &[b'x'; 10_000])));
        let long = encoded("あ".repeat(10_000).as_bytes());
        for name in NAMES.iter().filter(|name| frame.iter().all(|(known, _)| known != *name)) {
            // Of two values of a name the first counts.
            let mut body = format!("{name}={long}&").into_bytes();
            body.extend(form(frame, b"x"));
            all.push((FORM.to_owned(), body));
        }
    }
    all
}
