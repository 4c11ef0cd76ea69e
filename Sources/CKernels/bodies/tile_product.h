// The small matrix product attention is made of: C (=, +=) A B with C in registers. A's elements are broadcast, B's
// rows are read as vectors, C is [rows, columns]. Every element is one chain of fused additions over p = 0, 1, ...,
// starting from zero or from C: its bits do not depend on the tile it falls into, nor on how a product is cut in p.

/// One register tile; `rows` and `vectors` are constants at every call. With `columns` below vectors * VF_LANES the
/// last vector is partial.
CK_INLINE void register_tile(float *c, size_t c_stride, const float *a, size_t a_row_stride, size_t a_column_stride,
                             const float *b, size_t b_stride, size_t depth, CKStore store, const int rows,
                             const int vectors, const int partial, size_t columns) {
  vf sums[VF_TILE_ROWS][VF_TILE_VECTORS];
  for (int r = 0; r < rows; r++)
    for (int v = 0; v < vectors; v++) {
      const float *from = c + (size_t)r * c_stride + v * VF_LANES;
      if (store == CKStoreStore)
        sums[r][v] = vf_zero();
      else
        sums[r][v] = partial ? vf_load_partial(from, columns) : vf_load(from);
    }
  for (size_t p = 0; p < depth; p++, a += a_column_stride, b += b_stride) {
    vf row[VF_TILE_VECTORS];
    for (int v = 0; v < vectors; v++) row[v] = partial ? vf_load_partial(b, columns) : vf_load(b + v * VF_LANES);
    for (int r = 0; r < rows; r++) {
      vf factor = vf_set1(a[(size_t)r * a_row_stride]);
      for (int v = 0; v < vectors; v++) sums[r][v] = vf_fma(factor, row[v], sums[r][v]);
    }
  }
  for (int r = 0; r < rows; r++)
    for (int v = 0; v < vectors; v++) {
      float *to = c + (size_t)r * c_stride + v * VF_LANES;
      if (partial)
        vf_store_partial(to, sums[r][v], columns);
      else
        vf_store(to, sums[r][v]);
    }
}

/// `rows` rows (at most VF_TILE_ROWS) of C: whole tiles, then single vectors, then the partial one.
CK_INLINE void row_tile(float *c, size_t c_stride, const float *a, size_t a_row_stride, size_t a_column_stride,
                        const float *b, size_t b_stride, size_t columns, size_t depth, CKStore store, const int rows) {
  const size_t wide = VF_TILE_VECTORS * VF_LANES;
  for (; columns >= wide; c += wide, b += wide, columns -= wide)
    register_tile(c, c_stride, a, a_row_stride, a_column_stride, b, b_stride, depth, store, rows, VF_TILE_VECTORS, 0,
                  wide);
  for (; columns >= VF_LANES; c += VF_LANES, b += VF_LANES, columns -= VF_LANES)
    register_tile(c, c_stride, a, a_row_stride, a_column_stride, b, b_stride, depth, store, rows, 1, 0, VF_LANES);
  if (columns)
    register_tile(c, c_stride, a, a_row_stride, a_column_stride, b, b_stride, depth, store, rows, 1, 1, columns);
}

/// C[rows, columns] (=, +=) A[rows, depth] B[depth, columns], A(r, p) = a[r * a_row_stride + p * a_column_stride].
static void tile_product(float *c, size_t c_stride, const float *a, size_t a_row_stride, size_t a_column_stride,
                         const float *b, size_t b_stride, size_t rows, size_t columns, size_t depth, CKStore store) {
  if (depth == 0 && store == CKStoreAdd) return;
  for (; rows >= VF_TILE_ROWS; rows -= VF_TILE_ROWS, c += VF_TILE_ROWS * c_stride, a += VF_TILE_ROWS * a_row_stride)
    row_tile(c, c_stride, a, a_row_stride, a_column_stride, b, b_stride, columns, depth, store, VF_TILE_ROWS);
  switch (rows) {
#define CK_CASE(n)                                                                                                     \
  case n:                                                                                                              \
    row_tile(c, c_stride, a, a_row_stride, a_column_stride, b, b_stride, columns, depth, store, n);                    \
    break;
    CK_CASE(1)
    CK_CASE(2)
    CK_CASE(3)
#if VF_TILE_ROWS > 4
    CK_CASE(4)
    CK_CASE(5)
#endif
#undef CK_CASE
  }
}
