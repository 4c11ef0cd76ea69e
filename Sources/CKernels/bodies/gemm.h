// C[m,n] (=, +=) A[m,k] . B[k,n] with B in packed panels (pack.h), after the GotoBLAS/BLIS scheme: a register tile
// (tile.h), a block of A on the stack that stays in the second-level cache, and B streamed through it panel by panel.
//
// The block of A is copied because rows of A may lie a multiple of 4096 bytes apart, where they fight for the same sets
// of the first-level cache (in place, 1024^3 ran at 80 GFLOP/s; copied, at 110). The copy also makes a transposed A and
// an odd number of bf16 the ordinary case. One or two panels of B do not repay it: 1500x24x576 runs at 86 GFLOP/s in
// place and at 75 copied.
//
// While a float32 tile computes it fetches its share of the next panel, which memory or the third-level cache would
// otherwise keep waiting for.
//
// Without bf16 products (CK_BF16_DOT) the blocks of bf16 A and B are widened to float32 and the float32 tiles do the
// rest, which is faster than widening inside the tile.
//
// The sum of an element of C: for every block of CK_GEMM_BLOCK along k one accumulator starts at zero and takes the
// products in order; the block's sum is then added to C (the first one stored, for CKStoreStore). Any split of m, or of
// n at a panel, gives the same bits.

/// Where a tile's sums go: `columns` is the used part of the panel, `add` whether C is read. `upcoming` is what the
/// tile fetches into the second-level cache while it computes: its share of the next panel.
typedef struct CKTarget {
  float *c;
  size_t stride, columns;
  bool add;
  const float *upcoming;
} CKTarget;

enum {
  /// Floats from a row of the copied block of A to the next: 37 cache lines, odd, so that the rows of a tile spread
  /// over all sets of the first-level cache. Rows of bf16 pairs lie half as far apart.
  CK_BLOCK_STRIDE = CK_GEMM_BLOCK + 16,
  CK_BF16_STRIDE = CK_BF16_DOT ? CK_BLOCK_STRIDE / 2 : CK_BLOCK_STRIDE,
  /// Products between two fetches of the next panel. The fourteen tiles of a whole block of A then cover 14/16 of it.
  CK_FETCH_DISTANCE = 16,
  CK_CACHE_LINE = 64 / sizeof(float),
};

// MARK: Tiles

/// sums += A . B over p in [first, end)
CK_INLINE void panel_steps(CKSums sums, const float *a, size_t a_row_stride, size_t a_column_stride, const float *b,
                           size_t first, size_t end, const bool pairs, const size_t rows, const size_t vectors) {
#pragma clang loop unroll_count(2)
  for (size_t p = first; p < end; p++)
    tile_step(sums, a + p * a_column_stride, a_row_stride, b + p * CK_PANEL_WIDTH, pairs, rows, vectors, VT_LANES);
}

CK_INLINE void panel_tile(CKTarget to, const float *a, size_t a_row_stride, size_t a_column_stride, const float *b,
                          size_t words, const bool pairs, const size_t rows, const size_t vectors) {
  CKSums sums;
  CK_UNROLL for (size_t i = 0; i < rows; i++) {
    __builtin_prefetch(to.c + i * to.stride, 1);
    __builtin_prefetch(to.c + i * to.stride + to.columns - 1, 1);
  }
  tile_zero(sums, rows, vectors);
  size_t p = 0;
  for (; !pairs && p + CK_FETCH_DISTANCE <= words; p += CK_FETCH_DISTANCE) {
    CK_UNROLL for (size_t line = 0; line < CK_PANEL_WIDTH; line += CK_CACHE_LINE)
        __builtin_prefetch(to.upcoming + p / CK_FETCH_DISTANCE * CK_PANEL_WIDTH + line, 0, 2);
    panel_steps(sums, a, a_row_stride, a_column_stride, b, p, p + CK_FETCH_DISTANCE, pairs, rows, vectors);
  }
  panel_steps(sums, a, a_row_stride, a_column_stride, b, p, words, pairs, rows, vectors);
  tile_finish(to.c, to.stride, sums, to.add, rows, vectors, to.columns - (vectors - 1) * VT_LANES);
}

typedef void CKPanelTile(CKTarget to, const float *a, size_t a_row_stride, size_t a_column_stride, const float *b,
                         size_t words);

#define CK_PANEL_TILE(ROWS, VECTORS)                                                                                   \
  static void panel_tile_##ROWS##x##VECTORS(CKTarget to, const float *a, size_t a_row_stride, size_t a_column_stride,  \
                                            const float *b, size_t words) {                                            \
    if (a_row_stride == CK_BLOCK_STRIDE && a_column_stride == 1)                                                       \
      panel_tile(to, a, CK_BLOCK_STRIDE, 1, b, words, false, ROWS, VECTORS);                                           \
    else                                                                                                               \
      panel_tile(to, a, a_row_stride, a_column_stride, b, words, false, ROWS, VECTORS);                                \
  }
#define CK_PANEL_TILES(ROWS) CK_EACH_VECTORS(CK_PANEL_TILE, ROWS)
CK_EACH_ROWS(CK_PANEL_TILES)

#define CK_PANEL_TILE_ENTRY(ROWS, VECTORS) [ROWS][VECTORS] = panel_tile_##ROWS##x##VECTORS,
#define CK_PANEL_TILE_ENTRIES(ROWS) CK_EACH_VECTORS(CK_PANEL_TILE_ENTRY, ROWS)
static CKPanelTile *const panel_tile_of[CK_TILE_ROWS + 1][CK_TILE_VECTORS + 1] = {CK_EACH_ROWS(CK_PANEL_TILE_ENTRIES)};

#if CK_BF16_DOT

#define CK_PAIR_TILE(ROWS, VECTORS)                                                                                    \
  static void pair_tile_##ROWS##x##VECTORS(CKTarget to, const float *a, size_t a_row_stride, size_t a_column_stride,   \
                                           const float *b, size_t words) {                                             \
    (void)a_row_stride, (void)a_column_stride;                                                                         \
    panel_tile(to, a, CK_BF16_STRIDE, 1, b, words, true, ROWS, VECTORS);                                               \
  }
#define CK_PAIR_TILES(ROWS) CK_EACH_VECTORS(CK_PAIR_TILE, ROWS)
CK_EACH_ROWS(CK_PAIR_TILES)

#define CK_PAIR_TILE_ENTRY(ROWS, VECTORS) [ROWS][VECTORS] = pair_tile_##ROWS##x##VECTORS,
#define CK_PAIR_TILE_ENTRIES(ROWS) CK_EACH_VECTORS(CK_PAIR_TILE_ENTRY, ROWS)
static CKPanelTile *const pair_tile_of[CK_TILE_ROWS + 1][CK_TILE_VECTORS + 1] = {CK_EACH_ROWS(CK_PAIR_TILE_ENTRIES)};

#endif

// MARK: Blocks

/// A block of rows as tiles of nearly equal height: 15 rows are 8 + 7, not 14 and a lonely one.
typedef struct CKTiling {
  size_t tiles, rows, taller; ///< the first `taller` tiles have rows + 1 rows
} CKTiling;

static inline CKTiling tiling_of(size_t rows) {
  const size_t tiles = ceiling(rows, CK_TILE_ROWS);
  return (CKTiling){tiles, rows / tiles, rows % tiles};
}

static inline void store_zeros(float *c, size_t c_stride, size_t m, size_t n) {
  for (size_t i = 0; i < m; i++)
    for (size_t j = 0; j < n; j++) c[i * c_stride + j] = 0;
}

/// out[i, p] = A(i, p)
static void copy_block(float *restrict out, const float *restrict a, size_t row_stride, size_t column_stride,
                       size_t rows, size_t k) {
  if (column_stride == 1) {
    for (size_t i = 0; i < rows; i++) __builtin_memcpy(out + i * CK_BLOCK_STRIDE, a + i * row_stride, k * sizeof *a);
    return;
  }
  size_t p = 0;
  if (row_stride == 1)
    for (; p + 4 <= k; p += 4) {
      const float *x = a + p * column_stride;
      size_t i = 0;
      for (; i + 4 <= rows; i += 4) {
        ck_u32x4 columns[4];
        for (size_t q = 0; q < 4; q++) columns[q] = ck_u32x4_load(x + i + q * column_stride);
        ck_transpose_4x4((ck_word *)(out + i * CK_BLOCK_STRIDE + p), CK_BLOCK_STRIDE, columns);
      }
      for (; i < rows; i++)
        for (size_t q = 0; q < 4; q++) out[i * CK_BLOCK_STRIDE + p + q] = x[i + q * column_stride];
    }
  for (; p < k; p++)
    for (size_t i = 0; i < rows; i++) out[i * CK_BLOCK_STRIDE + p] = a[i * row_stride + p * column_stride];
}

/// Rows of bf16 A as tiles read them: pairs, the last one (x, 0) where k is odd, or widened to float32.
static void copy_rows_bf16(float *restrict out, size_t out_stride, const uint16_t *restrict a, size_t a_stride,
                           size_t rows, size_t k) {
  for (size_t i = 0; i < rows; i++, out += out_stride, a += a_stride)
    if (CK_BF16_DOT) {
      if (k % 2) out[k / 2] = 0;
      __builtin_memcpy(out, a, k * sizeof *a);
    } else {
      for (size_t p = 0; p < k; p++) out[p] = f32_from_bf16(a[p]);
    }
}

#if !CK_BF16_DOT

/// `k` rows (one more if k is odd) of a bf16 panel as rows of a float32 panel.
static void widen_panel(float *restrict out, const uint16_t *restrict b, size_t k) {
  const ck_word *pairs = (const ck_word *)b;
  ck_word *words = (ck_word *)out;
  for (size_t p = 0; p < k; p += 2, words += 2 * CK_PANEL_WIDTH, pairs += CK_PANEL_WIDTH)
    for (size_t j = 0; j < CK_PANEL_WIDTH; j++) {
      const uint32_t pair = pairs[j];
      words[j] = pair << 16;
      words[CK_PANEL_WIDTH + j] = pair & 0xffff0000;
    }
}

#endif

/// A block of A times a panel of B.
CK_INLINE void panel_product(CKTarget to, CKPanelTile *const tile_of[][CK_TILE_VECTORS + 1], CKTiling tiling,
                             const float *a, size_t a_row_stride, size_t a_column_stride, const float *b,
                             size_t words) {
  const size_t vectors = ceiling(to.columns, VT_LANES);
  for (size_t t = 0; t < tiling.tiles; t++) {
    const size_t rows = tiling.rows + (t < tiling.taller);
    tile_of[rows][vectors](to, a, a_row_stride, a_column_stride, b, words);
    a += rows * a_row_stride;
    to.upcoming += words / CK_FETCH_DISTANCE * CK_PANEL_WIDTH;
    to.c += rows * to.stride;
  }
}

static void ck_gemm_f32(float *c, size_t c_stride, const float *a, size_t a_row_stride, size_t a_column_stride,
                        const float *packed_b, size_t m, size_t n, size_t k, CKStore store) {
  float block[CK_GEMM_BLOCK_ROWS * CK_BLOCK_STRIDE] __attribute__((aligned(64)));
  if (k == 0 && store == CKStoreStore) store_zeros(c, c_stride, m, n);
  const bool in_place = n <= 2 * CK_PANEL_WIDTH;
  const size_t row_stride = in_place ? a_row_stride : CK_BLOCK_STRIDE;
  const size_t column_stride = in_place ? a_column_stride : 1;
  size_t rows;
  for (size_t i = 0; i < m; i += rows) {
    rows = smaller(m - i, CK_GEMM_BLOCK_ROWS);
    const CKTiling tiling = tiling_of(rows);
    for (size_t p = 0; p < k; p += CK_GEMM_BLOCK) {
      const size_t length = smaller(k - p, CK_GEMM_BLOCK);
      const float *a_block = a + i * a_row_stride + p * a_column_stride;
      if (!in_place) {
        copy_block(block, a_block, a_row_stride, a_column_stride, rows, length);
        a_block = block;
      }
      for (size_t j = 0; j < n; j += CK_PANEL_WIDTH) {
        const float *b = packed_b + j * k + p * CK_PANEL_WIDTH;
        const CKTarget to = {c + i * c_stride + j, c_stride, smaller(n - j, CK_PANEL_WIDTH),
                             store == CKStoreAdd || p > 0, b + k * CK_PANEL_WIDTH};
        panel_product(to, panel_tile_of, tiling, a_block, row_stride, column_stride, b, length);
      }
    }
  }
}

static void ck_gemm_bf16_f32(float *c, size_t c_stride, const uint16_t *a, size_t a_stride, const uint16_t *packed_b,
                             size_t m, size_t n, size_t k, CKStore store) {
  float block[CK_GEMM_BLOCK_ROWS * CK_BF16_STRIDE] __attribute__((aligned(64)));
  if (k == 0 && store == CKStoreStore) store_zeros(c, c_stride, m, n);
  const size_t even_k = k + k % 2;
  size_t rows;
  for (size_t i = 0; i < m; i += rows) {
    rows = smaller(m - i, CK_GEMM_BLOCK_ROWS);
    const CKTiling tiling = tiling_of(rows);
    for (size_t p = 0; p < k; p += CK_GEMM_BLOCK) {
      const size_t length = smaller(k - p, CK_GEMM_BLOCK);
      copy_rows_bf16(block, CK_BF16_STRIDE, a + i * a_stride + p, a_stride, rows, length);
      for (size_t j = 0; j < n; j += CK_PANEL_WIDTH) {
        const uint16_t *b = packed_b + j * even_k + p * CK_PANEL_WIDTH;
        const CKTarget to = {c + i * c_stride + j, c_stride, smaller(n - j, CK_PANEL_WIDTH),
                             store == CKStoreAdd || p > 0, (const float *)(b + even_k * CK_PANEL_WIDTH)};
#if CK_BF16_DOT
        panel_product(to, pair_tile_of, tiling, block, CK_BF16_STRIDE, 1, (const float *)b, ceiling(length, 2));
#else
        float panel[CK_GEMM_BLOCK * CK_PANEL_WIDTH] __attribute__((aligned(64)));
        widen_panel(panel, b, length);
        panel_product(to, panel_tile_of, tiling, block, CK_BF16_STRIDE, 1, panel, length);
#endif
      }
    }
  }
}
