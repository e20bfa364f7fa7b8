//! SHA-256 in hexadecimal: the name of content by its bytes.

use sha2::{Digest, Sha256};

/// SHA-256 of `content`, in 64 hexadecimal digits.
pub fn sha256(content: impl AsRef<[u8]>) -> String {
    hex(&Sha256::digest(content))
}

/// The first 16 digits of [`sha256`]: enough for names that must differ within one project.
pub fn short(content: impl AsRef<[u8]>) -> String {
    hex(&Sha256::digest(content)[..8])
}

/// `bytes` in hexadecimal digits, two for each.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_that_of_the_standard() {
        // FIPS 180-4, the example of one block.
        assert_eq!(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(short("abc"), "ba7816bf8f01cfea");
    }
}
