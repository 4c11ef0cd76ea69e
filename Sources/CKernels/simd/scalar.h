// The scalar vocabulary: vectors of one lane in plain C. It is the reference every other vocabulary is read against, so
// the meaning of each word is said here.
//
//   vf  a vector of VF_LANES float32        vi  as many int32 (two's complement, wrapping)
//   vm  a mask, one truth value a lane      vw  as many float64 accumulators
//   vt  a vector of a register tile: a vf where a vf has lanes to speak of
//
// Words that take `n` lanes ("partial") want 0 < n < VF_LANES and touch no memory past the n-th element.
#ifndef CK_SIMD_SCALAR_H
#define CK_SIMD_SCALAR_H

typedef float vf;
typedef int32_t vi;
typedef _Bool vm;
typedef double vw;
#define VF_LANES 1

// MARK: Memory

CK_INLINE vf vf_load(const float *p) { return *p; }
CK_INLINE void vf_store(float *p, vf x) { *p = x; }
/// The first n lanes; the others are zero, or `fill`'s.
CK_INLINE vf vf_load_partial(const float *p, size_t n) { return n ? *p : 0; }
CK_INLINE vf vf_load_partial_or(const float *p, size_t n, vf fill) { return n ? *p : fill; }
CK_INLINE void vf_store_partial(float *p, vf x, size_t n) {
  if (n) *p = x;
}
CK_INLINE vf vf_set1(float x) { return x; }
CK_INLINE vf vf_zero(void) { return 0; }
/// Lane 0.
CK_INLINE float vf_first(vf x) { return x; }
/// x with the lanes from n on set to zero.
CK_INLINE vf vf_keep_first(vf x, size_t n) { return n ? x : 0; }

// MARK: Arithmetic, one rounding an operation. vf_fma is the only word that may fuse (it does not here).

CK_INLINE vf vf_add(vf a, vf b) { return a + b; }
CK_INLINE vf vf_sub(vf a, vf b) { return a - b; }
CK_INLINE vf vf_mul(vf a, vf b) { return a * b; }
CK_INLINE vf vf_div(vf a, vf b) { return a / b; }
/// a * b + c
CK_INLINE vf vf_fma(vf a, vf b, vf c) { return a * b + c; }
/// Only where CK_BF16_DOT is 1, with a bf16 pair in every lane of a and b: vf_dot(a, b, c) = c + a_low * b_low +
/// a_high * b_high.
/// c - a * b
CK_INLINE vf vf_fnma(vf a, vf b, vf c) { return c - a * b; }
/// NaN where b is NaN; unspecified where only a is.
CK_INLINE vf vf_max(vf a, vf b) { return a > b ? a : b; }
CK_INLINE vf vf_min(vf a, vf b) { return a < b ? a : b; }
CK_INLINE vf vf_sqrt(vf x) { return __builtin_elementwise_sqrt(x); }
CK_INLINE vf vf_abs(vf x) { return __builtin_fabsf(x); }
/// The magnitude of x with the sign of s.
CK_INLINE vf vf_copysign(vf x, vf s) { return __builtin_copysignf(x, s); }

// MARK: Across lanes, in a fixed order

CK_INLINE float vf_sum(vf x) { return x; }
CK_INLINE float vf_max_across(vf x) { return x; }

// MARK: Masks (comparisons are false where an operand is NaN)

CK_INLINE vm vf_less(vf a, vf b) { return a < b; }
CK_INLINE vm vf_equal(vf a, vf b) { return a == b; }
CK_INLINE vf vf_select(vm mask, vf yes, vf no) { return mask ? yes : no; }

// MARK: Integers and bits

CK_INLINE vi vi_set1(int32_t x) { return x; }
/// 0, 1, 2, ...
CK_INLINE vi vi_iota(void) { return 0; }
/// VF_LANES bytes, widened.
CK_INLINE vi vi_load_u8(const uint8_t *p) { return *p; }
CK_INLINE vi vi_load_i8(const uint8_t *p) { return (int8_t)*p; }
CK_INLINE vi vi_add(vi a, vi b) { return (int32_t)((uint32_t)a + (uint32_t)b); }
CK_INLINE vi vi_sub(vi a, vi b) { return (int32_t)((uint32_t)a - (uint32_t)b); }
CK_INLINE vi vi_and(vi a, vi b) { return a & b; }
CK_INLINE vi vi_or(vi a, vi b) { return a | b; }
CK_INLINE vi vi_xor(vi a, vi b) { return a ^ b; }
#define vi_shl(x, count) ((int32_t)((uint32_t)(x) << (count)))
#define vi_shr(x, count) ((int32_t)((uint32_t)(x) >> (count)))
#define vi_shr_signed(x, count) ((x) >> (count))
/// Logical shift right, a count a lane.
CK_INLINE vi vi_shr_by(vi x, vi counts) { return (int32_t)((uint32_t)x >> counts); }
/// Byte `byte` of every lane, 0...3: as an unsigned number, and in the place of byte 3 with zeros below.
#define vi_byte(x, byte) ((int32_t)((uint32_t)(x) >> 8 * (byte) & 255))
#define vi_top_byte(x, byte) ((int32_t)((uint32_t)(x) >> 8 * (byte) << 24))
CK_INLINE vf vf_from_vi(vi x) { return (float)x; }
CK_INLINE vf vf_from_bits(vi x) {
  vf result;
  __builtin_memcpy(&result, &x, sizeof result);
  return result;
}
CK_INLINE vi vi_from_bits(vf x) {
  vi result;
  __builtin_memcpy(&result, &x, sizeof result);
  return result;
}
/// x * 2^n for n in -252...254, rounded once; x NaN gives NaN whatever n is.
CK_INLINE vf vf_ldexp(vf x, vi n) {
  vi half = vi_shr_signed(n, 1), rest = vi_sub(n, half), bias = 127;
  return x * vf_from_bits(vi_shl(vi_add(half, bias), 23)) * vf_from_bits(vi_shl(vi_add(rest, bias), 23));
}

// MARK: A lane a row. rows[r] + offset is where lane r reads.

/// The little-endian word there.
CK_INLINE vi vi_gather(const uint8_t *const *rows, size_t offset) {
  vi word;
  __builtin_memcpy(&word, rows[0] + offset, sizeof word);
  return word;
}
/// The four words there: 16 bytes.
CK_INLINE void vi_gather_4(vi words[4], const uint8_t *const *rows, size_t offset) {
  for (size_t i = 0; i < 4; i++) words[i] = vi_gather(rows, offset + 4 * i);
}

// MARK: Half precision

/// The float32 of an IEEE binary16, exactly; a NaN stays a (quiet) NaN.
CK_INLINE float f32_from_f16(uint16_t half) {
  uint32_t sign = (uint32_t)(half & 0x8000) << 16, magnitude = half & 0x7fff;
  if (magnitude >= 0x7c00) {
    uint32_t quiet = magnitude > 0x7c00 ? 0x400000 : 0;
    return vf_from_bits((int32_t)(sign | 0x7f800000 | (magnitude & 0x3ff) << 13 | quiet));
  }
  // Shifted into place the exponent is 112 too small, for subnormals too: the product puts both right, exactly.
  float scaled = vf_from_bits((int32_t)(magnitude << 13)) * 0x1p112f;
  return vf_from_bits(vi_from_bits(scaled) | (int32_t)sign);
}
/// The binary16 in the low half of every lane.
CK_INLINE vf vf_from_f16_bits(vi x) { return f32_from_f16((uint16_t)x); }
/// VF_LANES binary16 or bfloat16.
CK_INLINE vf vf_load_f16(const uint16_t *p) { return f32_from_f16(*p); }
CK_INLINE vf vf_load_bf16(const uint16_t *p) { return vf_from_bits((int32_t)((uint32_t)*p << 16)); }

// MARK: Float64 accumulators

CK_INLINE vw vw_zero(void) { return 0; }
CK_INLINE vw vw_add(vw sum, vf x) { return sum + (double)x; }
/// sum + a * b, the product exact.
CK_INLINE vw vw_add_product(vw sum, vf a, vf b) { return sum + (double)a * (double)b; }
CK_INLINE vw vw_merge(vw a, vw b) { return a + b; }
CK_INLINE double vw_sum(vw x) { return x; }

// MARK: Register tiles. One lane would leave the baseline's registers empty, so a vt is four lanes of the compiler's
// portable vectors (SSE2 on x86-64), each rounded like a vf. Elsewhere tile.h makes these words those of vf.

#define VT_LANES 4
typedef float vt __attribute__((vector_size(16)));

CK_INLINE vt vt_zero(void) { return (vt){0, 0, 0, 0}; }
CK_INLINE vt vt_set1(float x) { return (vt){x, x, x, x}; }
CK_INLINE vt vt_load(const float *p) {
  vt loaded;
  __builtin_memcpy(&loaded, p, sizeof loaded);
  return loaded;
}
CK_INLINE vt vt_load_partial(const float *p, size_t n) {
  vt loaded = vt_zero();
  for (size_t i = 0; i < n; i++) loaded[i] = p[i];
  return loaded;
}
CK_INLINE void vt_store(float *p, vt x) { __builtin_memcpy(p, &x, sizeof x); }
CK_INLINE void vt_store_partial(float *p, vt x, size_t n) {
  for (size_t i = 0; i < n; i++) p[i] = x[i];
}
CK_INLINE vt vt_add(vt a, vt b) { return a + b; }
CK_INLINE vt vt_fma(vt a, vt b, vt c) { return a * b + c; }

// MARK: Layout

/// out[c][r] = x[r][c] for a block of VF_LANES rows and columns.
CK_INLINE void vf_transpose(float *out, size_t out_stride, const float *x, size_t x_stride) {
  (void)out_stride, (void)x_stride;
  *out = *x;
}

#endif
