//! Credentials as values of the `Authorization` header.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// `Basic …` of a user name and a password, either of which may be empty.
pub fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

/// `Bearer …`.
pub fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_written_as_rfc_7617_and_6750_say() {
        assert_eq!(basic("Aladdin", "open sesame"), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        assert_eq!(basic("token", ""), "Basic dG9rZW46");
        assert_eq!(basic("Käthe", "ß"), "Basic S8OkdGhlOsOf");
        assert_eq!(bearer("abc.def"), "Bearer abc.def");
    }
}
