//! Who may look: whoever holds the admin token.

use actix_web::{HttpRequest, http::header::AUTHORIZATION};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::{Problem, Shared};

/// The scheme, whatever its case, and the blank behind it.
const SCHEME: &str = "Bearer ";

/// Refuses whoever does not bring the token. Asked before anything else is looked at.
pub(super) fn admin(request: &HttpRequest, shared: &Shared) -> Result<(), Problem> {
    let header = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = header.and_then(bearer).unwrap_or_default();
    let digest: [u8; 32] = Sha256::digest(token.as_bytes()).into();
    if bool::from(digest.ct_eq(&shared.admin)) {
        return Ok(());
    }
    Err(Problem::new(
        401,
        "unauthorized",
        "the token is missing or wrong",
        "send Authorization: Bearer TOKEN with the admin token",
    ))
}

fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_at_checked(SCHEME.len())?;
    scheme.eq_ignore_ascii_case(SCHEME).then(|| token.trim())
}

#[cfg(test)]
mod tests {
    use super::bearer;

    #[test]
    fn the_scheme_is_caseless_and_the_token_is_not_touched() {
        assert_eq!(bearer("Bearer aB"), Some("aB"));
        assert_eq!(bearer("bearer  aB "), Some("aB"));
        assert_eq!(bearer("Basic aB"), None);
        assert_eq!(bearer("Bearer"), None);
        assert_eq!(bearer("aB"), None);
    }
}
