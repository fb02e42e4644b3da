//! A page's cursor: where the next page begins, in a form that fits the list it came from and no
//! other. Not a secret; the check tells a slip of the pen from an empty page.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use parcelwire_domain::id::MerchantId;
use parcelwire_engine::ports::Cursor;
use sha2::{Digest as _, Sha256};

/// Bytes of the check.
const CHECK: usize = 4;

/// As it is given out.
pub(super) fn seal(list: &str, merchant: Option<&MerchantId>, cursor: &Cursor) -> String {
    let mut bytes = check(list, merchant, &cursor.0).to_vec();
    bytes.extend_from_slice(cursor.0.as_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

/// As it came back; nothing when this list never gave it out.
pub(super) fn open(list: &str, merchant: Option<&MerchantId>, text: &str) -> Option<Cursor> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (stated, place) = bytes.split_at_checked(CHECK)?;
    let place = std::str::from_utf8(place).ok()?;
    (check(list, merchant, place) == stated).then(|| Cursor(place.to_owned()))
}

fn check(list: &str, merchant: Option<&MerchantId>, place: &str) -> [u8; CHECK] {
    let owner = merchant.map_or("", MerchantId::as_str);
    let digest = Sha256::digest(format!("{list}/{owner}/{place}").as_bytes());
    let mut check = [0; CHECK];
    check.copy_from_slice(&digest[..CHECK]);
    check
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_fits_the_list_that_gave_it_out_and_no_other() {
        let merchant = |name: &str| MerchantId::parse(name).expect("a name");
        let (hey, other) = (merchant("hey"), merchant("other"));
        let given = seal("events", Some(&hey), &Cursor("12.7".to_owned()));
        let read = |list, merchant, text: &str| open(list, merchant, text).map(|cursor| cursor.0);
        assert_eq!(read("events", Some(&hey), &given).as_deref(), Some("12.7"));
        assert_eq!(read("events", Some(&other), &given), None);
        assert_eq!(read("events", None, &given), None);
        assert_eq!(read("messages", Some(&hey), &given), None);
        for wrong in ["", "12.7", "AAAA", "%%%", "AAAAAAAA"] {
            assert_eq!(read("events", Some(&hey), wrong), None, "{wrong}");
        }
    }
}
