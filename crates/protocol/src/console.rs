//! The console's login: a session in a cookie, and when it stands for the admin token.
//!
//! A browser sends cookies with whatever request any page makes, so one alone proves nothing. It counts
//! only of a request that no other site's page can make: with a header of ours, from our own origin.

mod cookie;
mod request;
mod route;
mod session;

pub use cookie::{clear_cookie, set_cookie};
pub use request::ConsoleRequest;
pub use route::{Destination, destination};
pub use session::{LIFE_S, SessionKey, session_answer};
