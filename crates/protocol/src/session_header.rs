//! The header in which D1's clients send a session's constraint or bookmark, and in which the
//! answer returns the new bookmark. The same name is used both ways.

pub const SESSION_HEADER: &str = "x-cf-d1-session-commit-token";
