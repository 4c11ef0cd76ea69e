// Weights of ggml's storage formats to float32. Every value is what ggml's reference computes, bit for bit: float32(d)
// times the integer, then the minimum added or subtracted, one rounding each.
//
// Blocks are byte strings without alignment, fields little-endian. Loops run over VF_LANES bytes at a time: 16, the
// shortest run of a format, is a multiple of every variant's lanes.

/// CK_LENGTH_NAME and CK_BYTES_NAME: the weights and bytes of a block.
#define CK_BLOCK_SIZE(NAME, LENGTH, BYTES) CK_LENGTH_##NAME = LENGTH, CK_BYTES_##NAME = BYTES,
enum { CK_EACH_FORMAT(CK_BLOCK_SIZE) };

CK_INLINE float load_f16_field(const uint8_t *p) {
  uint16_t half;
  __builtin_memcpy(&half, p, sizeof half);
  return f32_from_f16(half);
}

/// q * d, and q * d + m, for integers.
CK_INLINE vf scaled(vi q, vf d) { return vf_mul(vf_from_vi(q), d); }
CK_INLINE vf scaled_plus(vi q, vf d, vf m) { return vf_add(vf_mul(vf_from_vi(q), d), m); }

static void dequantize_F32(float *out, const void *source, size_t count) { copy_row(out, source, count); }

static void dequantize_F16(float *out, const void *source, size_t count) {
  const uint16_t *x = source;
  size_t i = 0;
  for (; i + VF_LANES <= count; i += VF_LANES) vf_store(out + i, vf_load_f16(x + i));
  for (; i < count; i++) out[i] = f32_from_f16(x[i]);
}

static void dequantize_BF16(float *out, const void *source, size_t count) {
  const uint16_t *x = source;
  size_t i = 0;
  for (; i + VF_LANES <= count; i += VF_LANES) vf_store(out + i, vf_load_bf16(x + i));
  for (; i < count; i++) out[i] = f32_from_bf16(x[i]);
}

/// d, 32 signed bytes
static void dequantize_Q8_0(float *out, const void *source, size_t blocks) {
  const uint8_t *block = source;
  for (; blocks; blocks--, block += CK_BYTES_Q8_0, out += 32) {
    vf d = vf_set1(load_f16_field(block));
    for (int i = 0; i < 32; i += VF_LANES) vf_store(out + i, scaled(vi_load_i8(block + 2 + i), d));
  }
}

/// A block of 32: d, m where there are minima, 4 bytes of fifth bits where weights have five, 16 bytes: low halves are
/// weights 0...15, high halves 16...31. Without minima half their range is taken off.
CK_INLINE void dequantize_halves(float *out, const uint8_t *block, size_t blocks, size_t block_bytes,
                                 const bool has_minima, const bool has_fifth_bits) {
  vi low_bits = vi_set1(15), bit = vi_set1(16), bias = vi_set1(has_fifth_bits ? 16 : 8);
  for (; blocks; blocks--, block += block_bytes, out += 32) {
    const uint8_t *fifth_bits = block + (has_minima ? 4 : 2), *bytes = fifth_bits + (has_fifth_bits ? 4 : 0);
    vf d = vf_set1(load_f16_field(block)), m = has_minima ? vf_set1(load_f16_field(block + 2)) : vf_zero();
    for (int i = 0; i < 16; i += VF_LANES) {
      vi q = vi_load_u8(bytes + i), low = vi_and(q, low_bits), high = vi_shr(q, 4);
      if (has_fifth_bits) { // bit j of the field is that of weight j
        int32_t bits;
        __builtin_memcpy(&bits, fifth_bits, sizeof bits);
        vi lanes = vi_add(vi_iota(), vi_set1(i)), fields = vi_set1(bits);
        low = vi_or(low, vi_and(vi_shl(vi_shr_by(fields, lanes), 4), bit));
        high = vi_or(high, vi_and(vi_shr_by(fields, vi_add(lanes, vi_set1(12))), bit));
      }
      vf_store(out + i, has_minima ? scaled_plus(low, d, m) : scaled(vi_sub(low, bias), d));
      vf_store(out + 16 + i, has_minima ? scaled_plus(high, d, m) : scaled(vi_sub(high, bias), d));
    }
  }
}

static void dequantize_Q4_0(float *out, const void *source, size_t blocks) {
  dequantize_halves(out, source, blocks, CK_BYTES_Q4_0, false, false);
}

static void dequantize_Q4_1(float *out, const void *source, size_t blocks) {
  dequantize_halves(out, source, blocks, CK_BYTES_Q4_1, true, false);
}

static void dequantize_Q5_0(float *out, const void *source, size_t blocks) {
  dequantize_halves(out, source, blocks, CK_BYTES_Q5_0, false, true);
}

static void dequantize_Q5_1(float *out, const void *source, size_t blocks) {
  dequantize_halves(out, source, blocks, CK_BYTES_Q5_1, true, true);
}

/// The 6-bit scale and minimum of run `run` (0...7) from the 12 bytes of a Q4_K or Q5_K block.
CK_INLINE void load_k_scale(const uint8_t *scales, int run, float *scale, float *minimum) {
  if (run < 4) {
    *scale = (float)(scales[run] & 63);
    *minimum = (float)(scales[run + 4] & 63);
  } else {
    *scale = (float)((scales[run + 4] & 15) | (scales[run - 4] >> 6) << 4);
    *minimum = (float)((scales[run + 4] >> 4) | (scales[run] >> 6) << 4);
  }
}

/// d, dmin, 12 bytes of scales, 128 bytes: 8 runs of 32 weights, run 2p in the low halves of bytes 32p..., 2p + 1 in
/// the high halves. `fifth_bits`, of Q5_K, are 32 bytes: bit r of byte i is the fifth bit of weight i of run r.
CK_INLINE void dequantize_k_runs(float *out, const uint8_t *block, const uint8_t *fifth_bits, const uint8_t *bytes) {
  float d = load_f16_field(block), dmin = load_f16_field(block + 2);
  vi low_bits = vi_set1(15), fifth = vi_set1(16);
  for (int pair = 0; pair < 4; pair++, bytes += 32, out += 64) {
    float scale, minimum;
    load_k_scale(block + 4, 2 * pair, &scale, &minimum);
    vf low_d = vf_set1(d * scale), low_m = vf_set1(dmin * minimum);
    load_k_scale(block + 4, 2 * pair + 1, &scale, &minimum);
    vf high_d = vf_set1(d * scale), high_m = vf_set1(dmin * minimum);
    for (int i = 0; i < 32; i += VF_LANES) {
      vi q = vi_load_u8(bytes + i), low = vi_and(q, low_bits), high = vi_shr(q, 4);
      if (fifth_bits) {
        vi fields = vi_shr_by(vi_load_u8(fifth_bits + i), vi_set1(2 * pair));
        low = vi_or(low, vi_and(vi_shl(fields, 4), fifth));
        high = vi_or(high, vi_and(vi_shl(fields, 3), fifth));
      }
      vf_store(out + i, vf_sub(scaled(low, low_d), low_m));
      vf_store(out + 32 + i, vf_sub(scaled(high, high_d), high_m));
    }
  }
}

static void dequantize_Q4_K(float *out, const void *source, size_t blocks) {
  const uint8_t *block = source;
  for (; blocks; blocks--, block += CK_BYTES_Q4_K, out += 256) dequantize_k_runs(out, block, NULL, block + 16);
}

static void dequantize_Q5_K(float *out, const void *source, size_t blocks) {
  const uint8_t *block = source;
  for (; blocks; blocks--, block += CK_BYTES_Q5_K, out += 256) dequantize_k_runs(out, block, block + 16, block + 48);
}

/// 128 bytes of low halves, 64 bytes of high pairs of bits, 16 signed scales (one for 16 weights), d. Each half block
/// of 128 weights is four runs of 32: low halves of bytes 0... and 32..., then their high halves.
static void dequantize_Q6_K(float *out, const void *source, size_t blocks) {
  const uint8_t *block = source;
  vi low_bits = vi_set1(15), pair_bits = vi_set1(0x30), bias = vi_set1(32);
  for (; blocks; blocks--, block += CK_BYTES_Q6_K) {
    float d = load_f16_field(block + 208);
    for (int half = 0; half < 2; half++, out += 128) {
      const uint8_t *low = block + 64 * half, *high = block + 128 + 32 * half, *scales = block + 192 + 8 * half;
      for (int i = 0; i < 32; i += VF_LANES) {
        vi a = vi_load_u8(low + i), b = vi_load_u8(low + 32 + i), pairs = vi_load_u8(high + i);
        vi q[4] = {vi_or(vi_and(a, low_bits), vi_and(vi_shl(pairs, 4), pair_bits)),
                   vi_or(vi_and(b, low_bits), vi_and(vi_shl(pairs, 2), pair_bits)),
                   vi_or(vi_shr(a, 4), vi_and(pairs, pair_bits)),
                   vi_or(vi_shr(b, 4), vi_and(vi_shr(pairs, 2), pair_bits))};
        for (int run = 0; run < 4; run++) {
          float scale = d * (float)(int8_t)scales[2 * run + i / 16];
          vf_store(out + 32 * run + i, scaled(vi_sub(q[run], bias), vf_set1(scale)));
        }
      }
    }
  }
}

static void ck_dequantize_f32(float *restrict out, const void *source, size_t count, CKFormat format) {
  switch (format) {
#define CK_CASE(NAME, LENGTH, BYTES)                                                                                   \
  case CKFormat##NAME:                                                                                                 \
    dequantize_##NAME(out, source, count / LENGTH);                                                                    \
    break;
    CK_EACH_FORMAT(CK_CASE)
#undef CK_CASE
  }
}
