//! Who may look, and at what. Asked before anything else is looked at; and the one way by which an
//! answer leaves the API, so that nobody sees what is not for them.

use actix_web::{HttpRequest, HttpResponse, http::header::AUTHORIZATION};
use parcelwire_domain::id::MerchantId;
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::{
    Problem, Shared, mask, not_found,
    token::{Role, Token},
    tokens,
};

/// The scheme, whatever its case, and the blank behind it.
const SCHEME: &str = "Bearer ";

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Who {
    /// Everything is theirs.
    Admin,
    /// They read everything, and people are masked.
    Support,
    /// They see what is their own, with their own people. Nothing else is there.
    Merchant(MerchantId),
}

/// Who brings this request; whoever brings no token is refused.
pub(super) async fn who(request: &HttpRequest, shared: &Shared) -> Result<Who, Problem> {
    let header = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = header.and_then(bearer).unwrap_or_default();
    let digest: [u8; 32] = Sha256::digest(token.as_bytes()).into();
    if bool::from(digest.ct_eq(&shared.admin)) {
        return Ok(Who::Admin);
    }
    match tokens::admitted(shared, token).await? {
        Some(token) => holder(token).ok_or_else(unauthorized),
        None => Err(unauthorized()),
    }
}

fn holder(token: Token) -> Option<Who> {
    match token.role {
        Role::Admin => Some(Who::Admin),
        Role::Support => Some(Who::Support),
        Role::Merchant => token.merchant.map(Who::Merchant),
    }
}

fn unauthorized() -> Problem {
    Problem::new(
        401,
        "unauthorized",
        "the token is missing or wrong",
        "send Authorization: Bearer TOKEN with the admin token, or one made by `parcelwire token new`",
    )
}

impl Who {
    /// Refuses whoever is not an admin.
    pub(super) fn administers(&self) -> Result<(), Problem> {
        match self {
            Self::Admin => Ok(()),
            Self::Support | Self::Merchant(_) => Err(forbidden("use an admin's token")),
        }
    }

    /// Refuses whoever may only look.
    pub(super) fn changes(&self) -> Result<(), Problem> {
        match self {
            Self::Admin | Self::Merchant(_) => Ok(()),
            Self::Support => Err(forbidden("a support token only reads; use an admin's")),
        }
    }

    /// Of whom what is asked for over all merchants is shown: of all, or of their own.
    pub(super) fn slice(&self) -> Option<MerchantId> {
        match self {
            Self::Admin | Self::Support => None,
            Self::Merchant(own) => Some(own.clone()),
        }
    }

    /// A merchant that has a file, in order or not. Another's is not there.
    pub(super) fn merchant(&self, shared: &Shared, name: &str) -> Result<MerchantId, Problem> {
        let id = MerchantId::parse(name).map_err(|_| not_found("merchant"))?;
        let is_theirs = self.slice().is_none_or(|own| own == id);
        let known = shared.engine.rules().book().merchants.contains_key(&id);
        if known && is_theirs { Ok(id) } else { Err(not_found(&format!("merchant as `{id}`"))) }
    }

    /// The answer, as far as it is for them.
    pub(super) fn show(&self, answer: impl Serialize) -> Result<HttpResponse, Problem> {
        let answer = serde_json::to_value(answer).map_err(|error| {
            tracing::error!(%error, "an answer of the API is no JSON");
            Problem::new(500, "internal", "the answer could not be written", "see the log")
        })?;
        Ok(HttpResponse::Ok().json(self.seen(answer)))
    }

    fn seen(&self, mut answer: Value) -> Value {
        match self {
            Self::Admin => {}
            Self::Support => mask::mask(&mut answer),
            Self::Merchant(_) => mask::shares(&mut answer),
        }
        answer
    }
}

fn forbidden(hint: &'static str) -> Problem {
    Problem::new(403, "forbidden", "this token does not open that", hint)
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
