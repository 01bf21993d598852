//! THE route table. Every line names who may pass; there is no other way to add a route.
//!
//! The class is the coarse gate: it is checked before the handler runs. Which *rows* a viewer may see or change is `policy`'s and
//! `visible_to`'s business. A test snapshots every line against every kind of viewer.

use crate::access::Viewer;
use crate::app::App;
use crate::error::Error;
use crate::http::form::WORDS;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::handler::Handler;
use axum::http::Method;
use axum::middleware::{self, Next};
use axum::response::IntoResponse;
use axum::routing::{MethodFilter, on};

/// Who may pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anyone, logged in or not.
    Public,
    /// Anyone logged in, a suspended account too: writing is `policy`'s business.
    Member,
    /// Active moderators and admins. To others the page does not exist.
    Moderator,
    /// Active admins. To others the page does not exist.
    Admin,
}

impl Access {
    fn check(self, viewer: &Viewer) -> Result<(), Error> {
        match self {
            Self::Public => Ok(()),
            _ if viewer.account().is_none() => Err(Error::LoginNeeded),
            Self::Member => Ok(()),
            Self::Moderator if viewer.is_moderator() => Ok(()),
            Self::Admin if viewer.is_admin() => Ok(()),
            Self::Moderator | Self::Admin => Err(Error::NotFound),
        }
    }
}

/// One line of the table.
#[derive(Clone, Debug)]
pub struct Line {
    pub method: Method,
    pub path: &'static str,
    pub access: Access,
}

/// The table while it is being written.
#[derive(Default)]
pub struct Table {
    router: Router<App>,
    lines: Vec<Line>,
}

impl Table {
    fn add<H, T>(
        mut self,
        method: Method,
        path: &'static str,
        access: Access,
        most: Option<usize>,
        handler: H,
    ) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        let filter = MethodFilter::try_from(method.clone()).unwrap_or(MethodFilter::GET);
        let limit = match most {
            Some(most) => DefaultBodyLimit::max(most),
            None => DefaultBodyLimit::disable(),
        };
        let guarded = on(filter, handler).layer(limit).layer(middleware::from_fn(
            move |viewer: Viewer, request: Request, next: Next| async move {
                match access.check(&viewer) {
                    Ok(()) => next.run(request).await,
                    Err(error) => error.into_response(),
                }
            },
        ));
        self.router = self.router.route(path, guarded);
        self.lines.push(Line { method, path, access });
        self
    }

    pub fn get<H: Handler<T, App>, T: 'static>(
        self,
        path: &'static str,
        access: Access,
        handler: H,
    ) -> Self {
        self.add(Method::GET, path, access, Some(WORDS), handler)
    }

    pub fn post<H: Handler<T, App>, T: 'static>(
        self,
        path: &'static str,
        access: Access,
        handler: H,
    ) -> Self {
        self.add(Method::POST, path, access, Some(WORDS), handler)
    }

    /// A POST with files. The handler reads the body as a stream and keeps its own limits.
    pub fn post_files<H: Handler<T, App>, T: 'static>(
        self,
        path: &'static str,
        access: Access,
        handler: H,
    ) -> Self {
        self.add(Method::POST, path, access, None, handler)
    }

    pub fn put<H: Handler<T, App>, T: 'static>(
        self,
        path: &'static str,
        access: Access,
        handler: H,
    ) -> Self {
        self.add(Method::PUT, path, access, Some(WORDS), handler)
    }

    pub fn delete<H: Handler<T, App>, T: 'static>(
        self,
        path: &'static str,
        access: Access,
        handler: H,
    ) -> Self {
        self.add(Method::DELETE, path, access, Some(WORDS), handler)
    }

    pub fn options<H: Handler<T, App>, T: 'static>(
        self,
        path: &'static str,
        access: Access,
        handler: H,
    ) -> Self {
        self.add(Method::OPTIONS, path, access, Some(WORDS), handler)
    }

    pub fn head<H: Handler<T, App>, T: 'static>(
        self,
        path: &'static str,
        access: Access,
        handler: H,
    ) -> Self {
        self.add(Method::HEAD, path, access, Some(WORDS), handler)
    }

    /// A PATCH whose body is a stream of unknown length.
    pub fn patch_stream<H: Handler<T, App>, T: 'static>(
        self,
        path: &'static str,
        access: Access,
        handler: H,
    ) -> Self {
        self.add(Method::PATCH, path, access, None, handler)
    }

    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    pub fn into_router(self) -> Router<App> {
        self.router
    }
}

/// Every route of the site.
#[rustfmt::skip]
pub fn table() -> Table {
    use Access::{Admin, Member, Moderator, Public};
    use crate::media::upload;
    use crate::accounts;
    Table::default()
        .get("/healthz",                Public,    crate::health::healthz)
        .get("/readyz",                 Public,    crate::health::readyz)
        .get("/assets/{*file}",         Public,    crate::http::assets::asset)
        .get("/favicon.ico",            Public,    crate::http::assets::favicon)
        .post("/language",              Public,    crate::http::language::choose)

        .options("/uploads",            Public,    upload::discover)
        .options("/uploads/{id}",       Public,    upload::discover)
        .post_files("/uploads",         Member,    upload::create)
        .post_files("/uploads/{id}",    Member,    upload::overridden)
        .head("/uploads/{id}",          Member,    upload::head)
        .patch_stream("/uploads/{id}",  Member,    upload::patch)
        .delete("/uploads/{id}",        Member,    upload::terminate)

        .get("/",                       Public,    crate::discovery::home)
        .get("/about",                  Public,    crate::discovery::about)
        .get("/kinds/{kind}",           Public,    crate::discovery::kind)
        .get("/regions/{id}",           Public,    crate::discovery::region)
        .get("/tags/{tag}",             Public,    crate::discovery::tag)
        .get("/people/{id}",            Public,    crate::discovery::person)
        .get("/search",                 Public,    crate::discovery::search)
        .get("/search/suggest",         Public,    crate::discovery::suggest)

        .get("/media/photos/{id}/{generation}/{file}", Public, crate::photos::pages::file)
        .get("/media/videos/{id}/preview/{file}", Public, crate::videos::pages::preview)
        .get("/media/videos/{id}/{generation}/{file}", Public, crate::videos::pages::file)

        .get("/media/captions/{id}/{file}", Public, crate::posts::captions::pages::track)

        .get("/posts/new",              Member,    crate::posts::compose::new)
        .post_files("/posts/new",       Member,    crate::posts::compose::create)
        .get("/posts/{id}",             Public,    crate::discovery::post)
        .get("/posts/{id}/edit",        Member,    crate::posts::compose::edit)
        .post_files("/posts/{id}/edit", Member,    crate::posts::compose::save_form)
        .get("/posts/{id}/captions",    Member,    crate::posts::captions::pages::edit)
        .post_files("/posts/{id}/captions", Member, crate::posts::captions::pages::save)
        .put("/posts/{id}/draft",       Member,    crate::posts::compose::autosave)
        .post_files("/posts/{id}/photos", Member,  crate::posts::compose::add_photos)
        .get("/posts/{id}/status",      Member,    crate::posts::compose::status)
        .post("/posts/{id}/withdraw",   Member,    crate::posts::compose::withdraw)
        .get("/me",                     Member,    crate::posts::me::me)

        .get("/signup",                 Public,    accounts::pages::sign_up_form)
        .post("/signup",                Public,    accounts::pages::sign_up)
        .get("/confirm",                Public,    accounts::pages::confirm_form)
        .post("/confirm",               Public,    accounts::pages::confirm)
        .post("/confirm/resend",        Member,    accounts::pages::resend_confirmation)
        .get("/login",                  Public,    accounts::pages::log_in_form)
        .post("/login",                 Public,    accounts::pages::log_in)
        .post("/logout",                Public,    accounts::pages::log_out)
        .get("/forgot",                 Public,    accounts::pages::forgot_form)
        .post("/forgot",                Public,    accounts::pages::forgot)
        .get("/reset",                  Public,    accounts::pages::reset_form)
        .post("/reset",                 Public,    accounts::pages::reset)
        .get("/me/settings",            Member,    accounts::settings_pages::settings_form)
        .post("/me/settings",           Member,    accounts::settings_pages::save)
        .post("/me/sessions/{id}/end",  Member,    accounts::settings_pages::end_session)
        .get("/demo/mail",              Public,    accounts::demo_mail::list)
        .get("/demo/mail/{id}",         Public,    accounts::demo_mail::show)

        .post("/posts/{id}/thanks",     Member,    crate::thanks::pages::set)
        .get("/notices",                Member,    crate::notifications::pages::list)
        .post("/notices/read",          Member,    crate::notifications::pages::mark_read)

        .get("/review",                 Moderator, crate::moderation::pages::queue)
        .get("/review/log",             Moderator, crate::moderation::pages::log)
        .get("/review/words",           Admin,     crate::words::pages::list)
        .post("/review/words",          Admin,     crate::words::pages::add)
        .get("/review/words/{id}",      Admin,     crate::words::pages::entry)
        .post("/review/words/{id}",     Admin,     crate::words::pages::change)
        .get("/review/unfound",         Admin,     crate::unfound::pages::list)
        .get("/review/preparing/{id}",  Moderator, crate::moderation::pages::preparing)
        .get("/review/{id}",            Moderator, crate::moderation::pages::item)
        .post("/review/{id}",           Moderator, crate::moderation::pages::decide)
}
