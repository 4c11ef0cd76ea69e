// Weights of several rows unpacked where they are used: a run is 32 columns of CK_RUN_WIDTH rows, a lane a row, so that
// a vector holds one column of VF_LANES rows and a product with x[p] is one fused operation for all of them.
//
// Words of four bytes are brought together from the rows (vi_gather_4); all that follows is arithmetic on whole
// vectors. Every weight has the bits that dequantize.h gives it.
//
// The number that a scale multiplies has so few bits that the product is exact: fused with the minimum it is rounded
// once, as dequantize.h's is. Signed numbers are brought to the top of a lane, where their sign is the lane's, and
// their scale is divided by the power of two that this multiplies them with, which is exact, too.
//
// A column goes where the sink says: into a strip in memory, for several rows of x, or straight into the sums of one.

enum {
  /// Columns of a run, a divisor of every block length but that of the plain formats.
  CK_RUN = 32,
};
_Static_assert(CK_GEMM_BLOCK % CK_RUN == 0, "a run must not cross the end of a block of a sum");

/// Takes columns: `sums` is NULL, or takes x[p] times column p, and the strip nothing.
typedef struct CKRunSink {
  float *strip; ///< [CK_RUN][CK_RUN_WIDTH]
  vf *sums;     ///< CK_RUN_GROUPS
  const float *x;
} CKRunSink;

/// Scales and minima of a block of 256, for each of its runs: of 16 columns in Q6_K, else of 32.
typedef struct CKRunScales {
  vf d[16][CK_RUN_GROUPS], m[8][CK_RUN_GROUPS];
} CKRunScales;

#define CK_EACH_GROUP CK_UNROLL for (size_t g = 0; g < CK_RUN_GROUPS; g++)

CK_INLINE void run_put(const CKRunSink *to, size_t p, size_t g, vf column) {
  if (to->sums)
    to->sums[g] = vf_fma(vf_set1(to->x[p]), column, to->sums[g]);
  else
    vf_store(to->strip + p * CK_RUN_WIDTH + g * VF_LANES, column);
}

/// d and m of every group from a word with both.
CK_INLINE void run_scales_and_minima(vf d[CK_RUN_GROUPS], vf m[CK_RUN_GROUPS], const uint8_t *const *rows,
                                     size_t offset) {
  CK_EACH_GROUP {
    vi fields = vi_gather(rows + g * VF_LANES, offset);
    d[g] = vf_from_f16_bits(fields);
    m[g] = vf_from_f16_bits(vi_shr(fields, 16));
  }
}

/// d times `factor`, a power of two.
CK_INLINE void run_scales(vf d[CK_RUN_GROUPS], const uint8_t *const *rows, size_t offset, const float factor) {
  CK_EACH_GROUP d[g] = vf_mul(vf_from_f16_bits(vi_gather(rows + g * VF_LANES, offset)), vf_set1(factor));
}

/// 16 columns from 16 bytes of every row: unsigned numbers, byte * d + m.
CK_INLINE void run_put_bytes(const CKRunSink *to, size_t p, vi words[CK_RUN_GROUPS][4], const vf *d, const vf *m) {
#define CK_PUT_BYTE(BYTE)                                                                                              \
  CK_EACH_GROUP run_put(to, p + 4 * t + BYTE, g, vf_fma(vf_from_vi(vi_byte(words[g][t], BYTE)), d[g], m[g]));
  // Unrolled further, the compiler keeps more in hand than there are registers.
#pragma clang loop unroll(disable)
  for (size_t t = 0; t < 4; t++) {
    CK_PUT_BYTE(0)
    CK_PUT_BYTE(1)
    CK_PUT_BYTE(2)
    CK_PUT_BYTE(3)
  }
#undef CK_PUT_BYTE
}

/// 16 columns from 16 bytes of every row: signed numbers, byte * 2^24 * d.
CK_INLINE void run_put_signed_bytes(const CKRunSink *to, size_t p, vi words[CK_RUN_GROUPS][4], const vf *d) {
#define CK_PUT_BYTE(BYTE) CK_EACH_GROUP run_put(to, p + 4 * t + BYTE, g, scaled(vi_top_byte(words[g][t], BYTE), d[g]));
#pragma clang loop unroll(disable)
  for (size_t t = 0; t < 4; t++) {
    CK_PUT_BYTE(0)
    CK_PUT_BYTE(1)
    CK_PUT_BYTE(2)
    CK_PUT_BYTE(3)
  }
#undef CK_PUT_BYTE
}

/// Numbers of 8 - shift bits in every byte less half their range, as signed bytes times 2^shift.
CK_INLINE void run_sign(vi words[CK_RUN_GROUPS][4], const int shift) {
  vi flip = vi_set1((int32_t)0x80808080);
  CK_EACH_GROUP CK_UNROLL for (size_t t = 0; t < 4; t++) words[g][t] = vi_xor(vi_shl(words[g][t], shift), flip);
}

/// The low or the high halves of 16 bytes of every row.
CK_INLINE void run_halves(vi out[CK_RUN_GROUPS][4], vi words[CK_RUN_GROUPS][4], const bool high) {
  vi low_halves = vi_set1(0x0f0f0f0f);
  CK_EACH_GROUP CK_UNROLL for (size_t t = 0; t < 4; t++) out[g][t] =
      vi_and(high ? vi_shr(words[g][t], 4) : words[g][t], low_halves);
}

CK_INLINE void run_gather_16(vi words[CK_RUN_GROUPS][4], const uint8_t *const *rows, size_t offset) {
  CK_EACH_GROUP vi_gather_4(words[g], rows + g * VF_LANES, offset);
}

// MARK: Every format: run number `run` of the rows, counted from their first column, to the sink. `scales` must be the
// same from the first run of a block of 256 to its last.
//
// MARK: Plain formats

CK_INLINE void run_F32(const CKRunSink *to, CKRunScales *scales, const uint8_t *const *rows, size_t run) {
  (void)scales;
  for (size_t p = 0; p < CK_RUN; p += 4) CK_EACH_GROUP {
      vi words[4];
      vi_gather_4(words, rows + g * VF_LANES, 4 * (CK_RUN * run + p));
      CK_UNROLL for (size_t t = 0; t < 4; t++) run_put(to, p + t, g, vf_from_bits(words[t]));
    }
}

CK_INLINE void run_half_precision(const CKRunSink *to, const uint8_t *const *rows, size_t run, const bool bf16) {
  vi high_half = vi_set1((int32_t)0xffff0000);
  for (size_t p = 0; p < CK_RUN; p += 8) CK_EACH_GROUP {
      vi words[4];
      vi_gather_4(words, rows + g * VF_LANES, 2 * (CK_RUN * run + p));
      CK_UNROLL for (size_t t = 0; t < 4; t++) {
        vi x = words[t];
        run_put(to, p + 2 * t, g, bf16 ? vf_from_bits(vi_shl(x, 16)) : vf_from_f16_bits(x));
        run_put(to, p + 2 * t + 1, g, bf16 ? vf_from_bits(vi_and(x, high_half)) : vf_from_f16_bits(vi_shr(x, 16)));
      }
    }
}

CK_INLINE void run_F16(const CKRunSink *to, CKRunScales *scales, const uint8_t *const *rows, size_t run) {
  (void)scales;
  run_half_precision(to, rows, run, false);
}

CK_INLINE void run_BF16(const CKRunSink *to, CKRunScales *scales, const uint8_t *const *rows, size_t run) {
  (void)scales;
  run_half_precision(to, rows, run, true);
}

// MARK: Blocks of 32

CK_INLINE void run_Q8_0(const CKRunSink *to, CKRunScales *scales, const uint8_t *const *rows, size_t run) {
  (void)scales;
  const size_t offset = CK_BYTES_Q8_0 * run;
  vf d[CK_RUN_GROUPS];
  run_scales(d, rows, offset, 0x1p-24f);
  for (size_t half = 0; half < 2; half++) {
    vi words[CK_RUN_GROUPS][4];
    run_gather_16(words, rows, offset + 2 + 16 * half);
    run_put_signed_bytes(to, 16 * half, words, d);
  }
}

CK_INLINE void run_Q4_0(const CKRunSink *to, CKRunScales *scales, const uint8_t *const *rows, size_t run) {
  (void)scales;
  const size_t offset = CK_BYTES_Q4_0 * run;
  vf d[CK_RUN_GROUPS];
  vi words[CK_RUN_GROUPS][4], halves[CK_RUN_GROUPS][4];
  run_scales(d, rows, offset, 0x1p-28f);
  run_gather_16(words, rows, offset + 2);
  run_halves(halves, words, false);
  run_sign(halves, 4);
  run_put_signed_bytes(to, 0, halves, d);
  run_halves(halves, words, true);
  run_sign(halves, 4);
  run_put_signed_bytes(to, 16, halves, d);
}

CK_INLINE void run_Q4_1(const CKRunSink *to, CKRunScales *scales, const uint8_t *const *rows, size_t run) {
  (void)scales;
  const size_t offset = CK_BYTES_Q4_1 * run;
  vf d[CK_RUN_GROUPS], m[CK_RUN_GROUPS];
  vi words[CK_RUN_GROUPS][4], halves[CK_RUN_GROUPS][4];
  run_scales_and_minima(d, m, rows, offset);
  run_gather_16(words, rows, offset + 4);
  run_halves(halves, words, false);
  run_put_bytes(to, 0, halves, d, m);
  run_halves(halves, words, true);
  run_put_bytes(to, 16, halves, d, m);
}

/// The fifth bits of 16 columns, bit 4 of every byte: bit j of `bits` is that of column j.
CK_INLINE void run_add_fifth_bits(vi words[CK_RUN_GROUPS][4], vi bits[CK_RUN_GROUPS], const size_t first) {
  CK_EACH_GROUP CK_UNROLL for (size_t t = 0; t < 4; t++) {
    // Four bits to bit 4 of four bytes: bit i moves by 8 i + 4 - i.
    vi four = vi_and(vi_shr(bits[g], first + 4 * t), vi_set1(15)), spread = vi_shl(vi_and(four, vi_set1(1)), 4);
    spread = vi_or(spread, vi_shl(vi_and(four, vi_set1(2)), 11));
    spread = vi_or(spread, vi_shl(vi_and(four, vi_set1(4)), 18));
    spread = vi_or(spread, vi_shl(vi_and(four, vi_set1(8)), 25));
    words[g][t] = vi_or(words[g][t], spread);
  }
}

CK_INLINE void run_Q5_0(const CKRunSink *to, CKRunScales *scales, const uint8_t *const *rows, size_t run) {
  (void)scales;
  const size_t offset = CK_BYTES_Q5_0 * run;
  vf d[CK_RUN_GROUPS];
  vi words[CK_RUN_GROUPS][4], halves[CK_RUN_GROUPS][4], bits[CK_RUN_GROUPS];
  run_scales(d, rows, offset, 0x1p-27f);
  CK_EACH_GROUP bits[g] = vi_gather(rows + g * VF_LANES, offset + 2);
  run_gather_16(words, rows, offset + 6);
  run_halves(halves, words, false);
  run_add_fifth_bits(halves, bits, 0);
  run_sign(halves, 3);
  run_put_signed_bytes(to, 0, halves, d);
  run_halves(halves, words, true);
  run_add_fifth_bits(halves, bits, 16);
  run_sign(halves, 3);
  run_put_signed_bytes(to, 16, halves, d);
}

CK_INLINE void run_Q5_1(const CKRunSink *to, CKRunScales *scales, const uint8_t *const *rows, size_t run) {
  (void)scales;
  const size_t offset = CK_BYTES_Q5_1 * run;
  vf d[CK_RUN_GROUPS], m[CK_RUN_GROUPS];
  vi words[CK_RUN_GROUPS][4], halves[CK_RUN_GROUPS][4], bits[CK_RUN_GROUPS];
  run_scales_and_minima(d, m, rows, offset);
  CK_EACH_GROUP bits[g] = vi_gather(rows + g * VF_LANES, offset + 4);
  run_gather_16(words, rows, offset + 8);
  run_halves(halves, words, false);
  run_add_fifth_bits(halves, bits, 0);
  run_put_bytes(to, 0, halves, d, m);
  run_halves(halves, words, true);
  run_add_fifth_bits(halves, bits, 16);
  run_put_bytes(to, 16, halves, d, m);
}

// MARK: Blocks of 256, eight runs each

/// Q4_K and Q5_K: d and minus m of the eight runs. Minus, so that the minimum is added as in the other formats; that
/// changes no bit.
CK_INLINE void run_scales_k(CKRunScales *scales, const uint8_t *const *rows, size_t offset) {
  CK_EACH_GROUP {
    vi words[4], six_bits = vi_set1(0x3f3f3f3f), four_bits = vi_set1(0x0f0f0f0f), two_bits = vi_set1(0x30303030);
    vi_gather_4(words, rows + g * VF_LANES, offset);
    vf d = vf_from_f16_bits(words[0]), minus = vf_mul(vf_set1(-1), vf_from_f16_bits(vi_shr(words[0], 16)));
    // Bytes of the four words: d, minima of runs 0...3 and 4...7 as in load_k_scale.
    vi low = words[1], middle = words[2], high = words[3];
    vi scale[2] = {vi_and(low, six_bits), vi_or(vi_and(high, four_bits), vi_and(vi_shr(low, 2), two_bits))};
    vi minimum[2] = {vi_and(middle, six_bits),
                     vi_or(vi_and(vi_shr(high, 4), four_bits), vi_and(vi_shr(middle, 2), two_bits))};
#define CK_K_SCALE(BYTE)                                                                                               \
  scales->d[4 * half + BYTE][g] = vf_mul(d, vf_from_vi(vi_byte(scale[half], BYTE)));                                   \
  scales->m[4 * half + BYTE][g] = vf_mul(minus, vf_from_vi(vi_byte(minimum[half], BYTE)));
    CK_UNROLL for (size_t half = 0; half < 2; half++) {
      CK_K_SCALE(0)
      CK_K_SCALE(1)
      CK_K_SCALE(2)
      CK_K_SCALE(3)
    }
#undef CK_K_SCALE
  }
}

/// Q4_K, or Q5_K with 32 bytes of fifth bits in front of the halves; `offset` is the block's, `run` counts in it.
CK_INLINE void run_k(const CKRunSink *to, CKRunScales *scales, const uint8_t *const *rows, size_t offset, size_t run,
                     const bool has_fifth_bits) {
  const size_t bytes = offset + (has_fifth_bits ? 48 : 16) + 32 * (run / 2);
  if (run == 0) run_scales_k(scales, rows, offset);
  for (size_t half = 0; half < 2; half++) {
    vi words[CK_RUN_GROUPS][4];
    run_gather_16(words, rows, bytes + 16 * half);
    if (run % 2)
      run_halves(words, words, true);
    else
      run_halves(words, words, false);
    if (has_fifth_bits) {
      vi fields[CK_RUN_GROUPS][4], counts = vi_set1((int32_t)run), one = vi_set1(0x01010101);
      run_gather_16(fields, rows, offset + 16 + 16 * half);
      CK_EACH_GROUP CK_UNROLL for (size_t t = 0; t < 4; t++) words[g][t] =
          vi_or(words[g][t], vi_shl(vi_and(vi_shr_by(fields[g][t], counts), one), 4));
    }
    run_put_bytes(to, 16 * half, words, scales->d[run], scales->m[run]);
  }
}

CK_INLINE void run_Q4_K(const CKRunSink *to, CKRunScales *scales, const uint8_t *const *rows, size_t run) {
  run_k(to, scales, rows, CK_BYTES_Q4_K * (run / 8), run % 8, false);
}

CK_INLINE void run_Q5_K(const CKRunSink *to, CKRunScales *scales, const uint8_t *const *rows, size_t run) {
  run_k(to, scales, rows, CK_BYTES_Q5_K * (run / 8), run % 8, true);
}

CK_INLINE void run_scales_q6_k(CKRunScales *scales, const uint8_t *const *rows, size_t offset) {
  CK_EACH_GROUP {
    vi words[4];
    vi_gather_4(words, rows + g * VF_LANES, offset + 192);
    // The scales are signed bytes, and so are the numbers of 6 bits shifted by two: 2^24 and 2^26 too much.
    vf d = vf_mul(vf_from_f16_bits(vi_shr(vi_gather(rows + g * VF_LANES, offset + 206), 16)), vf_set1(0x1p-50f));
    CK_UNROLL for (size_t t = 0; t < 4; t++) {
      scales->d[4 * t][g] = vf_mul(d, vf_from_vi(vi_top_byte(words[t], 0)));
      scales->d[4 * t + 1][g] = vf_mul(d, vf_from_vi(vi_top_byte(words[t], 1)));
      scales->d[4 * t + 2][g] = vf_mul(d, vf_from_vi(vi_top_byte(words[t], 2)));
      scales->d[4 * t + 3][g] = vf_mul(d, vf_from_vi(vi_top_byte(words[t], 3)));
    }
  }
}

CK_INLINE void run_Q6_K(const CKRunSink *to, CKRunScales *scales, const uint8_t *const *rows, size_t run) {
  const size_t offset = CK_BYTES_Q6_K * (run / 8), in_block = run % 8, in_half = run % 4;
  const size_t low = offset + 64 * (in_block / 4) + 32 * (in_half % 2), high = offset + 128 + 32 * (in_block / 4);
  if (in_block == 0) run_scales_q6_k(scales, rows, offset);
  vi counts = vi_set1((int32_t)(2 * in_half)), two_bits = vi_set1(0x03030303);
  for (size_t half = 0; half < 2; half++) {
    vi words[CK_RUN_GROUPS][4], pairs[CK_RUN_GROUPS][4];
    run_gather_16(words, rows, low + 16 * half);
    run_gather_16(pairs, rows, high + 16 * half);
    if (in_half / 2)
      run_halves(words, words, true);
    else
      run_halves(words, words, false);
    CK_EACH_GROUP CK_UNROLL for (size_t t = 0; t < 4; t++) words[g][t] =
        vi_or(words[g][t], vi_shl(vi_and(vi_shr_by(pairs[g][t], counts), two_bits), 4));
    run_sign(words, 2);
    run_put_signed_bytes(to, 16 * half, words, scales->d[2 * in_block + half]);
  }
}

CK_INLINE void run_unpack(const CKRunSink *to, CKRunScales *scales, const uint8_t *const *rows, size_t run,
                          const CKFormat format) {
  switch (format) {
#define CK_CASE(NAME, LENGTH, BYTES)                                                                                   \
  case CKFormat##NAME:                                                                                                 \
    run_##NAME(to, scales, rows, run);                                                                                 \
    break;
    CK_EACH_FORMAT(CK_CASE)
#undef CK_CASE
  }
}
