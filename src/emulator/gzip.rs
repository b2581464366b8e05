//! Just enough of gzip (RFC 1951, RFC 1952) to make a small answer that unpacks to a huge one.

/// Bits in the order of deflate: least significant first within each byte.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    pending: u64,
    count: u32,
}

impl Bits {
    fn push(&mut self, value: u32, bits: u32) {
        self.pending |= u64::from(value) << self.count;
        self.count += bits;
        while self.count >= 8 {
            self.bytes.push((self.pending & 0xff) as u8);
            self.pending >>= 8;
            self.count -= 8;
        }
    }

    /// Huffman codes stand with their most significant bit first.
    fn code(&mut self, code: u32, bits: u32) {
        self.push(code.reverse_bits() >> (32 - bits), bits);
    }

    fn literal(&mut self, byte: u8) {
        match u32::from(byte) {
            byte @ 0..144 => self.code(0x30 + byte, 8),
            byte => self.code(0x190 + byte - 144, 9),
        }
    }

    fn finish(mut self) -> Vec<u8> {
        if self.count > 0 {
            self.push(0, 8 - self.count);
        }
        self.bytes
    }
}

/// The length of the longest back reference of deflate.
const RUN: usize = 258;

/// A gzip stream that unpacks to `start` and then at least `blanks` blanks.
pub(crate) fn padded(start: &[u8], blanks: usize) -> Vec<u8> {
    let runs = blanks.div_ceil(RUN);
    let mut bits = Bits::default();
    bits.push(1, 1);
    bits.push(1, 2);
    for byte in start {
        bits.literal(*byte);
    }
    bits.literal(b' ');
    for _ in 0..runs {
        bits.code(0xc5, 8);
        bits.code(0, 5);
    }
    bits.code(0, 7);
    let table = table();
    let step = |crc: u32, byte: u8| (crc >> 8) ^ table[((crc ^ u32::from(byte)) & 0xff) as usize];
    let blanks = 1 + runs * RUN;
    let crc = start.iter().fold(u32::MAX, |crc, byte| step(crc, *byte));
    let crc = !(0..blanks).fold(crc, |crc, _| step(crc, b' '));
    let size = (start.len() + blanks) as u32;
    let head = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    [&head[..], &bits.finish(), &crc.to_le_bytes(), &size.to_le_bytes()].concat()
}

/// The table of CRC-32.
fn table() -> [u32; 256] {
    let mut table = [0; 256];
    for (index, entry) in (0u32..).zip(&mut table) {
        *entry = (0..8).fold(index, |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 });
    }
    table
}
