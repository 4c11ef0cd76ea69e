// Packing B into the panels that gemm.h reads; the layout is in ckernels.h. Pure data movement (and rounding): 4 x 4
// transposes in 128-bit registers, which every machine has.

typedef uint32_t ck_u32x4 __attribute__((vector_size(16)));
/// A word of a panel: a float, or two bf16, wherever the caller put them.
typedef uint32_t ck_word __attribute__((may_alias, aligned(2)));

static inline ck_u32x4 ck_u32x4_load(const void *x) {
  ck_u32x4 loaded;
  __builtin_memcpy(&loaded, x, sizeof loaded);
  return loaded;
}

/// out[i*out_stride + j] = rows[j][i] for 4 x 4 words.
static inline void ck_transpose_4x4(ck_word *out, size_t out_stride, const ck_u32x4 rows[4]) {
  const ck_u32x4 a = __builtin_shufflevector(rows[0], rows[1], 0, 4, 1, 5);
  const ck_u32x4 b = __builtin_shufflevector(rows[0], rows[1], 2, 6, 3, 7);
  const ck_u32x4 c = __builtin_shufflevector(rows[2], rows[3], 0, 4, 1, 5);
  const ck_u32x4 d = __builtin_shufflevector(rows[2], rows[3], 2, 6, 3, 7);
  const ck_u32x4 columns[4] = {
      __builtin_shufflevector(a, c, 0, 1, 4, 5),
      __builtin_shufflevector(a, c, 2, 3, 6, 7),
      __builtin_shufflevector(b, d, 0, 1, 4, 5),
      __builtin_shufflevector(b, d, 2, 3, 6, 7),
  };
  for (size_t i = 0; i < 4; i++) __builtin_memcpy(out + i * out_stride, &columns[i], sizeof columns[i]);
}

/// The bf16 pair (even, odd) as it lies in a packed panel.
static inline uint32_t ck_bf16_pair(float even, float odd) {
  const uint16_t pair[2] = {ck_bf16(even), ck_bf16(odd)};
  uint32_t bits;
  __builtin_memcpy(&bits, pair, sizeof bits);
  return bits;
}

/// Word `i` of a row of B^T: the float, or the pair (2i, 2i + 1) rounded to bf16. An odd k ends in (x, 0).
static inline uint32_t ck_packed_word(const float *row, size_t k, size_t i, bool pairs) {
  if (pairs) return ck_bf16_pair(row[2 * i], 2 * i + 1 < k ? row[2 * i + 1] : 0);
  uint32_t bits;
  __builtin_memcpy(&bits, row + i, sizeof bits);
  return bits;
}

/// Both transposing packs: a panel is a matrix of 32-bit words, floats or bf16 pairs.
static inline __attribute__((always_inline)) void ck_pack_nt(ck_word *restrict packed, const float *restrict b,
                                                             size_t b_stride, size_t n, size_t k, bool pairs) {
  enum { W = CK_PANEL_WIDTH };
  const size_t words = pairs ? (k + 1) / 2 : k, whole_words = pairs ? k / 2 : k;
  for (size_t first = 0; first < n; first += W, packed += W * words) {
    const size_t columns = n - first < W ? n - first : W;
    const float *panel = b + first * b_stride;
    const size_t fours = columns / 4 * 4;
    size_t i = 0;
    for (; i + 4 <= whole_words; i += 4)
      for (size_t j = 0; j < fours; j += 4) {
        ck_u32x4 rows[4];
        for (size_t r = 0; r < 4; r++) {
          const float *x = panel + (j + r) * b_stride;
          if (pairs)
            for (size_t l = 0; l < 4; l++) rows[r][l] = ck_bf16_pair(x[2 * (i + l)], x[2 * (i + l) + 1]);
          else
            rows[r] = ck_u32x4_load(x + i);
        }
        ck_transpose_4x4(packed + i * W + j, W, rows);
      }
    for (size_t q = 0; q < words; q++) {
      for (size_t j = q < i ? fours : 0; j < columns; j++)
        packed[q * W + j] = ck_packed_word(panel + j * b_stride, k, q, pairs);
      if (columns < W) __builtin_memset(packed + q * W + columns, 0, (W - columns) * sizeof *packed);
    }
  }
}

static void ck_pack_nt_f32(float *packed, const float *b, size_t b_stride, size_t n, size_t k) {
  ck_pack_nt((ck_word *)packed, b, b_stride, n, k, false);
}

static void ck_pack_nt_f32_bf16(uint16_t *packed, const float *b, size_t b_stride, size_t n, size_t k) {
  ck_pack_nt((ck_word *)packed, b, b_stride, n, k, true);
}

static void ck_pack_nn_f32(float *restrict packed, const float *restrict b, size_t b_stride, size_t k, size_t n) {
  enum { W = CK_PANEL_WIDTH };
  for (size_t first = 0; first < n; first += W) {
    const size_t columns = n - first < W ? n - first : W;
    for (size_t p = 0; p < k; p++, packed += W) {
      const float *row = b + p * b_stride + first;
      if (columns == W) {
        __builtin_memcpy(packed, row, W * sizeof(float));
        continue;
      }
      for (size_t j = 0; j < W; j++) packed[j] = j < columns ? row[j] : 0;
    }
  }
}

static void ck_pack_nn_f32_bf16(uint16_t *restrict packed, const float *restrict b, size_t b_stride, size_t k,
                                size_t n) {
  enum { W = CK_PANEL_WIDTH };
  static const float zeros[W];
  for (size_t first = 0; first < n; first += W) {
    const size_t columns = n - first < W ? n - first : W;
    for (size_t p = 0; p < k; p += 2, packed += 2 * W) {
      const float *even = b + p * b_stride + first;
      const float *odd = p + 1 < k ? even + b_stride : zeros;
      if (columns == W) {
        for (size_t j = 0; j < W; j++) {
          packed[2 * j] = ck_bf16(even[j]);
          packed[2 * j + 1] = ck_bf16(odd[j]);
        }
        continue;
      }
      for (size_t j = 0; j < W; j++) {
        packed[2 * j] = j < columns ? ck_bf16(even[j]) : 0;
        packed[2 * j + 1] = j < columns ? ck_bf16(odd[j]) : 0;
      }
    }
  }
}
