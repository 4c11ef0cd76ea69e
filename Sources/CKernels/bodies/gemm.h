// C[m,n] (=, +=) A[m,k] . B[k,n] with B in packed panels (pack.h), after the GotoBLAS/BLIS scheme: a register tile of
// CK_GEMM_ROWS x panel width, a block of A on the stack that stays in the second-level cache, and B streamed through it
// panel by panel.
//
// The block of A is copied because rows of A may lie a multiple of 4096 bytes apart, where they fight for the same sets
// of the first-level cache (in place, 1024^3 ran at 80 GFLOP/s; copied, at 110). The copy also makes a transposed A and
// an odd number of bf16 the ordinary case. One or two panels of B do not repay it: 1500x24x576 runs at 86 GFLOP/s in
// place and at 75 copied.
//
// While a float32 tile computes it fetches its share of the next panel: without that the head's 512x49152x576, whose B
// comes from memory, ran at 0.92 of OpenBLAS's speed, with it at 1.03; 2048x576x1536, whose B comes from the
// third-level cache, went from 0.97 to 1.03 (AVX2, Zen 3).
//
// Without bf16 products (CK_BF16_DOT) the blocks of bf16 A and B are widened to float32 and the float32 tiles do the
// rest: 109 GFLOP/s with AVX2, where widening inside the tile reached 78.
//
// The sum of an element of C: for every block of CK_GEMM_BLOCK along k one accumulator starts at zero and takes the
// products in order; the block's sum is then added to C (the first one stored, for CKStoreStore). That holds in every
// tile whatever its rows and columns, so any split of m, or of n at a panel, gives the same bits.
//
// simd/gemm_X.h defines the vector type gv, its operations and the constants:
//   CK_GEMM_LANES, CK_GEMM_VECTORS  floats in a gv, gvs in a panel's width
//   CK_GEMM_ROWS                    most rows in a register tile
//   CK_GEMM_BLOCK                   products summed in registers before C is touched; even
//   CK_GEMM_BLOCK_ROWS              rows of A for one pass over B; the stack holds (BLOCK_ROWS + panel width) * BLOCK
//                                   floats, which is kept under 256 KB
//   CK_GEMM_EACH_TILE(X)            X(rows, vectors) for every tile size

/// Where a tile's sums go: `columns` is the used part of the panel, `add` whether C is read. `upcoming` is what the
/// tile fetches into the second-level cache while it computes: its share of the next panel.
typedef struct CKTarget {
  float *c;
  size_t stride, columns;
  bool add;
  const float *upcoming;
} CKTarget;

#define CK_TILE_INLINE static inline __attribute__((always_inline))
#define CK_UNROLL _Pragma("clang loop unroll(full)")

enum {
  /// Elements from a row of the copied block of A to the next: 37 cache lines, odd, so that the rows of a tile spread
  /// over all sets of the first-level cache.
  CK_BLOCK_STRIDE = CK_GEMM_BLOCK + 16,
  /// Products between two fetches of the next panel. The fourteen tiles of a whole block of A then cover 14/16 of it.
  CK_FETCH_DISTANCE = 16,
  CK_CACHE_LINE = 64 / sizeof(float),
};

CK_TILE_INLINE void ck_tile_start(CKTarget to, gv sums[CK_GEMM_ROWS][CK_GEMM_VECTORS], const size_t rows,
                                  const size_t vectors) {
  CK_UNROLL for (size_t i = 0; i < rows; i++) {
    __builtin_prefetch(to.c + i * to.stride, 1);
    __builtin_prefetch(to.c + i * to.stride + to.columns - 1, 1);
    CK_UNROLL for (size_t v = 0; v < vectors; v++) sums[i][v] = gv_zero();
  }
}

CK_TILE_INLINE void ck_tile_finish(CKTarget to, gv sums[CK_GEMM_ROWS][CK_GEMM_VECTORS], const size_t rows,
                                   const size_t vectors) {
  const size_t last = (vectors - 1) * CK_GEMM_LANES, tail = to.columns - last;
  CK_UNROLL for (size_t i = 0; i < rows; i++) {
    float *c = to.c + i * to.stride;
    CK_UNROLL for (size_t v = 0; v < vectors; v++) {
      float *out = c + v * CK_GEMM_LANES;
      if (v == vectors - 1 && tail < CK_GEMM_LANES)
        gv_store_first(out, to.add ? gv_add(gv_load_first(out, tail), sums[i][v]) : sums[i][v], tail);
      else
        gv_store(out, to.add ? gv_add(gv_load(out), sums[i][v]) : sums[i][v]);
    }
  }
}

// MARK: Tiles

/// sums += the products at [first, end) along k
CK_TILE_INLINE void ck_tile_products_f32(gv sums[CK_GEMM_ROWS][CK_GEMM_VECTORS], const float *a, size_t a_row_stride,
                                         size_t a_column_stride, const float *b, size_t first, size_t end,
                                         const size_t rows, const size_t vectors) {
#pragma clang loop unroll_count(2)
  for (size_t p = first; p < end; p++) {
    gv columns[CK_GEMM_VECTORS];
    CK_UNROLL for (size_t v = 0; v < vectors; v++) columns[v] = gv_load(b + p * CK_PANEL_WIDTH + v * CK_GEMM_LANES);
    CK_UNROLL for (size_t i = 0; i < rows; i++) {
      const gv x = gv_broadcast(a[i * a_row_stride + p * a_column_stride]);
      CK_UNROLL for (size_t v = 0; v < vectors; v++) sums[i][v] = gv_fma(sums[i][v], x, columns[v]);
    }
  }
}

CK_TILE_INLINE void ck_tile_f32(CKTarget to, const float *a, size_t a_row_stride, size_t a_column_stride,
                                const float *b, size_t k, const size_t rows, const size_t vectors) {
  gv sums[CK_GEMM_ROWS][CK_GEMM_VECTORS];
  ck_tile_start(to, sums, rows, vectors);
  size_t p = 0;
  for (; p + CK_FETCH_DISTANCE <= k; p += CK_FETCH_DISTANCE) {
    CK_UNROLL for (size_t line = 0; line < CK_PANEL_WIDTH; line += CK_CACHE_LINE)
        __builtin_prefetch(to.upcoming + p / CK_FETCH_DISTANCE * CK_PANEL_WIDTH + line, 0, 2);
    ck_tile_products_f32(sums, a, a_row_stride, a_column_stride, b, p, p + CK_FETCH_DISTANCE, rows, vectors);
  }
  ck_tile_products_f32(sums, a, a_row_stride, a_column_stride, b, p, k, rows, vectors);
  ck_tile_finish(to, sums, rows, vectors);
}

typedef void CKTileF32(CKTarget to, const float *a, size_t a_row_stride, size_t a_column_stride, const float *b,
                       size_t k);

#define CK_TILE_F32(ROWS, VECTORS)                                                                                     \
  static void ck_tile_f32_##ROWS##x##VECTORS(CKTarget to, const float *a, size_t a_row_stride, size_t a_column_stride, \
                                             const float *b, size_t k) {                                               \
    if (a_row_stride == CK_BLOCK_STRIDE && a_column_stride == 1)                                                       \
      ck_tile_f32(to, a, CK_BLOCK_STRIDE, 1, b, k, ROWS, VECTORS);                                                     \
    else                                                                                                               \
      ck_tile_f32(to, a, a_row_stride, a_column_stride, b, k, ROWS, VECTORS);                                          \
  }
CK_GEMM_EACH_TILE(CK_TILE_F32)

#define CK_TILE_F32_ENTRY(ROWS, VECTORS) [ROWS][VECTORS] = ck_tile_f32_##ROWS##x##VECTORS,
static CKTileF32 *const ck_tiles_f32[CK_GEMM_ROWS + 1][CK_GEMM_VECTORS + 1] = {CK_GEMM_EACH_TILE(CK_TILE_F32_ENTRY)};

#if CK_BF16_DOT

CK_TILE_INLINE void ck_tile_bf16(CKTarget to, const uint16_t *a, const uint16_t *b, size_t k, const size_t rows,
                                 const size_t vectors) {
  gv sums[CK_GEMM_ROWS][CK_GEMM_VECTORS];
  ck_tile_start(to, sums, rows, vectors);
#pragma clang loop unroll_count(2)
  for (size_t p = 0; p < k; p += 2) {
    const uint16_t *columns = b + p * CK_PANEL_WIDTH;
    CK_UNROLL for (size_t i = 0; i < rows; i++) {
      uint32_t pair;
      __builtin_memcpy(&pair, a + i * CK_BLOCK_STRIDE + p, sizeof pair);
      CK_UNROLL for (size_t v = 0; v < vectors; v++) sums[i][v] =
          gv_dot(sums[i][v], pair, columns + v * 2 * CK_GEMM_LANES);
    }
  }
  ck_tile_finish(to, sums, rows, vectors);
}

typedef void CKTileBF16(CKTarget to, const uint16_t *a, const uint16_t *b, size_t k);

#define CK_TILE_BF16(ROWS, VECTORS)                                                                                    \
  static void ck_tile_bf16_##ROWS##x##VECTORS(CKTarget to, const uint16_t *a, const uint16_t *b, size_t k) {           \
    ck_tile_bf16(to, a, b, k, ROWS, VECTORS);                                                                          \
  }
CK_GEMM_EACH_TILE(CK_TILE_BF16)

#define CK_TILE_BF16_ENTRY(ROWS, VECTORS) [ROWS][VECTORS] = ck_tile_bf16_##ROWS##x##VECTORS,
static CKTileBF16 *const ck_tiles_bf16[CK_GEMM_ROWS + 1][CK_GEMM_VECTORS + 1] = {CK_GEMM_EACH_TILE(CK_TILE_BF16_ENTRY)};

#endif

// MARK: Blocks

static inline size_t ck_smaller(size_t a, size_t b) { return a < b ? a : b; }

static inline size_t ck_ceiling(size_t a, size_t b) { return (a + b - 1) / b; }

/// A block of rows as tiles of nearly equal height: 15 rows are 8 + 7, not 14 and a lonely one.
typedef struct CKTiling {
  size_t tiles, rows, taller; ///< the first `taller` tiles have rows + 1 rows
} CKTiling;

static inline CKTiling ck_tiling(size_t rows) {
  const size_t tiles = ck_ceiling(rows, CK_GEMM_ROWS);
  return (CKTiling){tiles, rows / tiles, rows % tiles};
}

static inline void ck_store_zeros(float *c, size_t c_stride, size_t m, size_t n) {
  for (size_t i = 0; i < m; i++)
    for (size_t j = 0; j < n; j++) c[i * c_stride + j] = 0;
}

/// out[i, p] = A(i, p)
static void ck_copy_block_f32(float *restrict out, const float *restrict a, size_t row_stride, size_t column_stride,
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

#if CK_BF16_DOT

/// out[i, p] = a[i, p], and one zero more where k is odd.
static void ck_copy_block_bf16(uint16_t *restrict out, const uint16_t *restrict a, size_t a_stride, size_t rows,
                               size_t k) {
  for (size_t i = 0; i < rows; i++, out += CK_BLOCK_STRIDE, a += a_stride) {
    __builtin_memcpy(out, a, k * sizeof *a);
    if (k % 2) out[k] = 0;
  }
}

#else

/// out[i, p] = float32(a[i, p])
static void ck_widen_block(float *restrict out, const uint16_t *restrict a, size_t a_stride, size_t rows, size_t k) {
  for (size_t i = 0; i < rows; i++, out += CK_BLOCK_STRIDE, a += a_stride)
    for (size_t p = 0; p < k; p++) {
      const uint32_t bits = (uint32_t)a[p] << 16;
      __builtin_memcpy(out + p, &bits, sizeof bits);
    }
}

/// `k` rows (one more if k is odd) of a bf16 panel as rows of a float32 panel.
static void ck_widen_panel(float *restrict out, const uint16_t *restrict b, size_t k) {
  typedef uint32_t words __attribute__((vector_size(4 * CK_GEMM_LANES)));
  for (size_t p = 0; p < k; p += 2, out += 2 * CK_PANEL_WIDTH, b += 2 * CK_PANEL_WIDTH)
    CK_UNROLL for (size_t v = 0; v < CK_GEMM_VECTORS; v++) {
      words pairs;
      __builtin_memcpy(&pairs, b + v * 2 * CK_GEMM_LANES, sizeof pairs);
      const words even = pairs << 16, odd = pairs & 0xffff0000;
      __builtin_memcpy(out + v * CK_GEMM_LANES, &even, sizeof even);
      __builtin_memcpy(out + CK_PANEL_WIDTH + v * CK_GEMM_LANES, &odd, sizeof odd);
    }
}

#endif

static void ck_gemm_f32(float *c, size_t c_stride, const float *a, size_t a_row_stride, size_t a_column_stride,
                        const float *packed_b, size_t m, size_t n, size_t k, CKStore store) {
  float block[CK_GEMM_BLOCK_ROWS * CK_BLOCK_STRIDE] __attribute__((aligned(64)));
  if (k == 0 && store == CKStoreStore) ck_store_zeros(c, c_stride, m, n);
  const bool in_place = n <= 2 * CK_PANEL_WIDTH;
  const size_t row_stride = in_place ? a_row_stride : CK_BLOCK_STRIDE;
  const size_t column_stride = in_place ? a_column_stride : 1;
  size_t rows;
  for (size_t i = 0; i < m; i += rows) {
    rows = ck_smaller(m - i, CK_GEMM_BLOCK_ROWS);
    const CKTiling tiling = ck_tiling(rows);
    for (size_t p = 0; p < k; p += CK_GEMM_BLOCK) {
      const size_t length = ck_smaller(k - p, CK_GEMM_BLOCK);
      const float *a_block = a + i * a_row_stride + p * a_column_stride;
      if (!in_place) {
        ck_copy_block_f32(block, a_block, a_row_stride, a_column_stride, rows, length);
        a_block = block;
      }
      for (size_t j = 0; j < n; j += CK_PANEL_WIDTH) {
        const float *a_tile = a_block, *b = packed_b + j * k + p * CK_PANEL_WIDTH;
        const size_t columns = ck_smaller(n - j, CK_PANEL_WIDTH), vectors = ck_ceiling(columns, CK_GEMM_LANES);
        CKTarget to = {c + i * c_stride + j, c_stride, columns, store == CKStoreAdd || p > 0, b + k * CK_PANEL_WIDTH};
        for (size_t t = 0; t < tiling.tiles; t++) {
          const size_t tile_rows = tiling.rows + (t < tiling.taller);
          ck_tiles_f32[tile_rows][vectors](to, a_tile, row_stride, column_stride, b, length);
          a_tile += tile_rows * row_stride;
          to.upcoming += length / CK_FETCH_DISTANCE * CK_PANEL_WIDTH;
          to.c += tile_rows * c_stride;
        }
      }
    }
  }
}

static void ck_gemm_bf16_f32(float *c, size_t c_stride, const uint16_t *a, size_t a_stride, const uint16_t *packed_b,
                             size_t m, size_t n, size_t k, CKStore store) {
#if CK_BF16_DOT
  uint16_t block[CK_GEMM_BLOCK_ROWS * CK_BLOCK_STRIDE] __attribute__((aligned(64)));
#else
  float block[CK_GEMM_BLOCK_ROWS * CK_BLOCK_STRIDE] __attribute__((aligned(64)));
  float panel[CK_GEMM_BLOCK * CK_PANEL_WIDTH] __attribute__((aligned(64)));
#endif
  if (k == 0 && store == CKStoreStore) ck_store_zeros(c, c_stride, m, n);
  const size_t even_k = k + k % 2;
  size_t rows;
  for (size_t i = 0; i < m; i += rows) {
    rows = ck_smaller(m - i, CK_GEMM_BLOCK_ROWS);
    const CKTiling tiling = ck_tiling(rows);
    for (size_t p = 0; p < k; p += CK_GEMM_BLOCK) {
      const size_t length = ck_smaller(k - p, CK_GEMM_BLOCK);
#if CK_BF16_DOT
      ck_copy_block_bf16(block, a + i * a_stride + p, a_stride, rows, length);
#else
      ck_widen_block(block, a + i * a_stride + p, a_stride, rows, length);
#endif
      for (size_t j = 0; j < n; j += CK_PANEL_WIDTH) {
        const uint16_t *b = packed_b + j * even_k + p * CK_PANEL_WIDTH;
        const size_t columns = ck_smaller(n - j, CK_PANEL_WIDTH), vectors = ck_ceiling(columns, CK_GEMM_LANES);
        CKTarget to = {c + i * c_stride + j, c_stride, columns, store == CKStoreAdd || p > 0,
                       (const float *)(b + even_k * CK_PANEL_WIDTH)};
        size_t row = 0;
#if !CK_BF16_DOT
        ck_widen_panel(panel, b, length);
#endif
        for (size_t t = 0; t < tiling.tiles; t++) {
          const size_t tile_rows = tiling.rows + (t < tiling.taller);
#if CK_BF16_DOT
          ck_tiles_bf16[tile_rows][vectors](to, block + row * CK_BLOCK_STRIDE, b, length);
#else
          ck_tiles_f32[tile_rows][vectors](to, block + row * CK_BLOCK_STRIDE, CK_BLOCK_STRIDE, 1, panel, length);
#endif
          row += tile_rows;
          to.c += tile_rows * c_stride;
        }
      }
    }
  }
}
