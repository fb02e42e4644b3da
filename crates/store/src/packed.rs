//! Texts that are written once and seldom read are kept small: JSON repeats itself, and what is not
//! written need not be synced, checkpointed or cached.

use std::cell::RefCell;

use lz4_flex::block::{CompressTable, compress_into_with_table, get_maximum_output_size};

/// Shorter ones are not worth it.
const LEAST: usize = 160;

/// Longest text that is unpacked: well above the largest body that may be set.
const MOST: usize = 256 << 20;

const PLAIN: u8 = 0;
const LZ4: u8 = 1;

/// As it is kept: a byte for the method, then the data.
pub(crate) fn pack(text: &[u8]) -> Vec<u8> {
    if text.len() >= LEAST
        && let Ok(length) = u32::try_from(text.len())
        && let Some(packed) = SCRATCH.with_borrow_mut(|scratch| smaller(text, length, scratch))
    {
        return packed;
    }
    let mut out = Vec::with_capacity(text.len() + 1);
    out.push(PLAIN);
    out.extend_from_slice(text);
    out
}

/// From here on a text is large: its scratch space is not kept.
const LARGE: usize = u16::MAX as usize;

/// Where texts are packed.
#[derive(Default)]
struct Scratch {
    /// As large as the worst case, which most are far from.
    out: Vec<u8>,
    table: CompressTable,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

fn smaller(text: &[u8], length: u32, scratch: &mut Scratch) -> Option<Vec<u8>> {
    let most = get_maximum_output_size(text.len());
    if scratch.out.len() < most {
        scratch.out.resize(most, 0);
    }
    let packed = compress_into_with_table(text, &mut scratch.out, &mut scratch.table).ok()?;
    let kept = (packed + 5 < text.len()).then(|| {
        let mut out = Vec::with_capacity(packed + 5);
        out.push(LZ4);
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(&scratch.out[..packed]);
        out
    });
    // For a large one the table got larger entries, which would have to be cleared for small ones too.
    if text.len() >= LARGE {
        *scratch = Scratch::default();
    }
    kept
}

/// What was packed; nothing when it is not sound.
pub(crate) fn unpack(kept: &[u8]) -> Option<Vec<u8>> {
    match kept.split_first()? {
        (&PLAIN, text) => Some(text.to_vec()),
        (&LZ4, rest) => {
            let (length, data) = rest.split_first_chunk::<4>()?;
            let length = u32::from_le_bytes(*length) as usize;
            if length > MOST {
                return None;
            }
            lz4_flex::block::decompress(data, length).ok().filter(|text| text.len() == length)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_packed_comes_back() {
        for length in [0, 1, LEAST - 1, LEAST, LEAST + 1, 100_000] {
            for text in [vec![b'a'; length], (0..length).map(|n| (n * 7919) as u8).collect()] {
                let kept = pack(&text);
                assert!(kept.len() <= text.len() + 1);
                assert_eq!(unpack(&kept).as_deref(), Some(&text[..]));
            }
        }
    }

    #[test]
    fn what_is_not_sound_is_nothing() {
        let mut kept = pack(&[b'a'; 1000]);
        for bad in [&[][..], &[9, 1], &[LZ4, 1], &[LZ4, 255, 255, 255, 255, 1]] {
            assert_eq!(unpack(bad), None, "{bad:?}");
        }
        kept.truncate(kept.len() - 1);
        assert_eq!(unpack(&kept), None);
    }
}
