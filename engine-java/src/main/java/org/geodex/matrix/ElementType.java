package org.geodex.matrix;

/** Element types of stored tensors, by their safetensors names. Little-endian everywhere. */
public enum ElementType {
  F64(64),
  F32(32),
  F16(16),
  BF16(16),
  F8_E5M2(8),
  F8_E4M3(8),
  F8_E8M0(8),
  F6_E2M3(6),
  F6_E3M2(6),
  F4(4),
  C64(64),
  I64(64),
  I32(32),
  I16(16),
  I8(8),
  U64(64),
  U32(32),
  U16(16),
  U8(8),
  BOOL(8);

  private final int bits;

  ElementType(int bits) {
    this.bits = bits;
  }

  /** Bits of one element; types narrower than a byte are packed. */
  public int bits() {
    return bits;
  }

  /** Bytes of one element of a type that fills whole bytes. */
  public int bytes() {
    return bits / 8;
  }

  /** Whether {@link Widening} turns it into f32. */
  public boolean isReal() {
    return this == F64 || this == F32 || this == F16 || this == BF16;
  }
}
