// Causal grouped-query attention with a shared prefix, one KV head a call, and its gradient.
//
// A "query" is one head of one row; query t = row * group + head. Keys are numbered prefix first, then own rows; query
// t sees keys first_seen ..< seen_keys, the last `window` of 0 ..< prefix_rows + row + 1. Queries are taken
// ATTENTION_QUERIES at a time, keys are transposed once into panels so that scores are products over rows of the panel
// (tile_product.h).
//
// A query never touches a key it does not see: where queries of a tile see different numbers of keys, the common part
// is one product and what comes before and after it is added row by row, in the same order.

#define ATTENTION_QUERIES 24
/// Keys of a panel: [head_width][ATTENTION_PANEL] floats, keys past the last are zero.
#define ATTENTION_PANEL 64

typedef struct {
  const float *prefix, *own;
  size_t prefix_stride, own_stride, prefix_rows, rows;
} KeyRows;

CK_INLINE const float *key_row(const KeyRows *keys, size_t key) {
  return key < keys->prefix_rows ? keys->prefix + key * keys->prefix_stride
                                 : keys->own + (key - keys->prefix_rows) * keys->own_stride;
}

CK_INLINE size_t panel_count(const CKAttentionShape *shape) {
  return ceiling(shape->prefix_rows + shape->rows, ATTENTION_PANEL);
}
CK_INLINE size_t seen_keys(const CKAttentionShape *shape, size_t query) {
  return shape->prefix_rows + query / shape->group + 1;
}
/// The first key that a query sees; later queries see no earlier one.
CK_INLINE size_t first_seen(const CKAttentionShape *shape, size_t query) {
  if (!shape->window) return 0;
  size_t seen = seen_keys(shape, query);
  return shape->window < seen ? seen - shape->window : 0;
}
/// The panel of that key.
CK_INLINE size_t first_panel(const CKAttentionShape *shape, size_t query) {
  return first_seen(shape, query) / ATTENTION_PANEL;
}

/// panel[d][j] = key first_key + j, component d.
static void pack_key_panel(float *panel, const KeyRows *keys, size_t first_key, size_t head_width) {
  size_t total = keys->prefix_rows + keys->rows;
  for (size_t j = 0; j < ATTENTION_PANEL; j += VF_LANES) {
    size_t key = first_key + j, last = key + VF_LANES - 1;
    int one_piece = last < total && (last < keys->prefix_rows || key >= keys->prefix_rows);
    size_t d = 0;
    if (one_piece) {
      const float *x = key_row(keys, key);
      size_t stride = key < keys->prefix_rows ? keys->prefix_stride : keys->own_stride;
      for (; d + VF_LANES <= head_width; d += VF_LANES)
        vf_transpose(panel + d * ATTENTION_PANEL + j, ATTENTION_PANEL, x + d, stride);
    }
    for (size_t lane = 0; lane < VF_LANES; lane++) {
      const float *x = key + lane < total ? key_row(keys, key + lane) : NULL;
      for (size_t rest = d; rest < head_width; rest++) panel[rest * ATTENTION_PANEL + j + lane] = x ? x[rest] : 0;
    }
  }
}

/// out[count, head_width] += weights[count, keys] . rows over the keys in [key, end), which all `count` queries see;
/// weights points at the column of `key`.
CK_INLINE void add_common_rows(float *out, const float *weights, size_t weights_stride, const KeyRows *keys,
                               size_t width, size_t count, size_t key, size_t end) {
  while (key < end) {
    size_t piece = key < keys->prefix_rows ? smaller(end, keys->prefix_rows) : end;
    size_t stride = key < keys->prefix_rows ? keys->prefix_stride : keys->own_stride;
    tile_product(out, width, weights, weights_stride, 1, key_row(keys, key), stride, count, width, piece - key,
                 CKStoreAdd);
    weights += piece - key, key = piece;
  }
}

/// out[queries, head_width] += weights[queries, keys] . rows, over the keys in [first_key, end_key) each query sees.
/// weights points at the column of first_key.
static void add_weighted_rows(float *out, const float *weights, size_t weights_stride, const KeyRows *keys,
                              const CKAttentionShape *shape, size_t first_query, size_t queries, size_t first_key,
                              size_t end_key) {
  size_t width = shape->head_width;
  while (queries) {
    size_t count = smaller(queries, CK_WIDE_ROWS);
    // All queries of the tile see [common, common_end): the last one begins latest, the first one ends earliest.
    size_t common_end = smaller(end_key, seen_keys(shape, first_query));
    size_t common = larger(first_key, first_seen(shape, first_query + count - 1));
    if (common >= common_end) common = common_end = larger(first_key, common_end);
    for (size_t q = 0; shape->window && q < count; q++) {
      size_t begin = larger(first_key, first_seen(shape, first_query + q));
      size_t end = smaller(common, seen_keys(shape, first_query + q));
      add_common_rows(out + q * width, weights + q * weights_stride + (begin - first_key), weights_stride, keys, width,
                      1, begin, end);
    }
    add_common_rows(out, weights + (common - first_key), weights_stride, keys, width, count, common, common_end);
    for (size_t q = 0; q < count; q++) {
      size_t begin = larger(common_end, first_seen(shape, first_query + q));
      size_t end = smaller(end_key, seen_keys(shape, first_query + q));
      add_common_rows(out + q * width, weights + q * weights_stride + (begin - first_key), weights_stride, keys, width,
                      1, begin, end);
    }
    out += count * width, weights += count * weights_stride;
    first_query += count, queries -= count;
  }
}

/// tile[q] = x of query first_query + q, rows of head_width floats.
CK_INLINE void gather_queries(float *tile, const float *x, size_t x_stride, const CKAttentionShape *shape,
                              size_t first_query, size_t queries) {
  for (size_t q = 0; q < queries; q++) {
    size_t query = first_query + q;
    const float *from = x + query / shape->group * x_stride + query % shape->group * shape->head_width;
    copy_row(tile + q * shape->head_width, from, shape->head_width);
  }
}

// MARK: Forward
//
// Scratch: transposed keys [panels][head_width][PANEL], scores [QUERIES][panels * PANEL], queries and outputs
// [QUERIES][head_width] each.

static size_t ck_attention_scratch_f32(const CKAttentionShape *shape) {
  size_t keys = panel_count(shape) * ATTENTION_PANEL;
  return keys * shape->head_width + ATTENTION_QUERIES * keys + 2 * ATTENTION_QUERIES * shape->head_width;
}

static void ck_attention_f32(float *out, size_t out_stride, float *log_sum, size_t log_sum_stride, const float *q,
                             size_t q_stride, const float *prefix_k, const float *prefix_v, size_t prefix_stride,
                             const float *own_k, const float *own_v, size_t own_stride, const CKAttentionShape *shape,
                             float *scratch) {
  size_t width = shape->head_width, all_queries = shape->rows * shape->group, panels = panel_count(shape);
  if (width == 0 || all_queries == 0) return;
  KeyRows keys = {prefix_k, own_k, prefix_stride, own_stride, shape->prefix_rows, shape->rows};
  KeyRows values = {prefix_v, own_v, prefix_stride, own_stride, shape->prefix_rows, shape->rows};
  size_t scores_stride = panels * ATTENTION_PANEL, packed = 0;
  float *key_panels = scratch, *scores = key_panels + scores_stride * width;
  float *query_tile = scores + ATTENTION_QUERIES * scores_stride, *out_tile = query_tile + ATTENTION_QUERIES * width;

  for (size_t first = 0; first < all_queries; first += ATTENTION_QUERIES) {
    size_t queries = smaller(ATTENTION_QUERIES, all_queries - first);
    size_t seen_by_last = seen_keys(shape, first + queries - 1);
    gather_queries(query_tile, q, q_stride, shape, first, queries);
    packed = larger(packed, first_panel(shape, first));
    for (size_t panel = first_panel(shape, first); panel * ATTENTION_PANEL < seen_by_last; panel++) {
      float *key_panel = key_panels + panel * ATTENTION_PANEL * width;
      if (panel == packed) pack_key_panel(key_panel, &keys, packed++ * ATTENTION_PANEL, width);
      tile_product(scores + panel * ATTENTION_PANEL, scores_stride, query_tile, width, 1, key_panel, ATTENTION_PANEL,
                   queries, ATTENTION_PANEL, width, CKStoreStore);
    }
    for (size_t t = 0; t < queries; t++) {
      size_t query = first + t, begin = first_seen(shape, query), seen = seen_keys(shape, query) - begin;
      float *row = scores + t * scores_stride + begin;
      ck_scale_f32(row, row, shape->scale, seen);
      float maximum = row_max(row, seen);
      double sum = store_exponentials(row, row, seen, maximum);
      ck_scale_f32(row, row, (float)(1.0 / sum), seen);
      if (log_sum)
        log_sum[query / shape->group * log_sum_stride + query % shape->group] = maximum + scalar_log((float)sum);
    }
    for (size_t i = 0; i < queries * width; i++) out_tile[i] = 0;
    size_t begin = first_seen(shape, first);
    add_weighted_rows(out_tile, scores + begin, scores_stride, &values, shape, first, queries, begin, seen_by_last);
    for (size_t t = 0; t < queries; t++) {
      float *to = out + (first + t) / shape->group * out_stride + (first + t) % shape->group * width;
      copy_row(to, out_tile + t * width, width);
    }
  }
}

// MARK: Backward
//
// With p = exp(scale q.k - log_sum) and D = dout.out: dv += p dout, ds = scale p (dout.v - D), dq = sum ds k,
// dk += ds q. Scratch: transposed keys and values [panels][head_width][PANEL] each; queries, output gradients and dq
// [QUERIES][head_width] each; p and ds [QUERIES][PANEL] each; D and log_sum [QUERIES] each.

static size_t ck_attention_backward_scratch_f32(const CKAttentionShape *shape) {
  size_t keys = panel_count(shape) * ATTENTION_PANEL;
  return 2 * keys * shape->head_width + ATTENTION_QUERIES * (3 * shape->head_width + 2 * ATTENTION_PANEL + 2);
}

/// The first query of a tile, counted in it, that is at the row of own key `key` or later; prefix keys are before all.
CK_INLINE size_t tile_query(const CKAttentionShape *shape, size_t key, size_t first_query, size_t queries) {
  size_t query = key < shape->prefix_rows ? 0 : (key - shape->prefix_rows) * shape->group;
  return query < first_query ? 0 : smaller(query - first_query, queries);
}

/// gradient[key] += sum over the queries of the tile that see it of weights[query][key] x[query], for keys in
/// [first_key, end_key), all prefix or all own; gradient and weights point at first_key.
static void add_key_gradients(float *gradient, size_t gradient_stride, const float *weights, const float *x,
                              const CKAttentionShape *shape, size_t first_query, size_t queries, size_t first_key,
                              size_t end_key) {
  size_t width = shape->head_width;
  for (size_t key = first_key; key < end_key; key += CK_WIDE_ROWS) {
    size_t count = smaller(CK_WIDE_ROWS, end_key - key);
    // Key + r is seen by the tile's queries in [starts[r], ends[r]); both grow with r.
    size_t starts[CK_WIDE_ROWS], ends[CK_WIDE_ROWS];
    for (size_t r = 0; r < count; r++) {
      size_t after = key + r + shape->window; // row of the first query that does not see it any more
      starts[r] = tile_query(shape, key + r, first_query, queries);
      ends[r] = shape->window ? tile_query(shape, after, first_query, queries) : queries;
    }
    size_t common = starts[count - 1], common_end = ends[0];
    if (common >= common_end) common_end = common;
    float *rows = gradient + (key - first_key) * gradient_stride;
    const float *columns = weights + (key - first_key);
    for (size_t r = 0; r < count; r++) {
      size_t end = smaller(common, ends[r]);
      if (starts[r] < end)
        tile_product(rows + r * gradient_stride, gradient_stride, columns + r + starts[r] * ATTENTION_PANEL, 1,
                     ATTENTION_PANEL, x + starts[r] * width, width, 1, width, end - starts[r], CKStoreAdd);
    }
    if (common < common_end)
      tile_product(rows, gradient_stride, columns + common * ATTENTION_PANEL, 1, ATTENTION_PANEL, x + common * width,
                   width, count, width, common_end - common, CKStoreAdd);
    for (size_t r = 0; r < count; r++)
      if (common_end < ends[r])
        tile_product(rows + r * gradient_stride, gradient_stride, columns + r + common_end * ATTENTION_PANEL, 1,
                     ATTENTION_PANEL, x + common_end * width, width, 1, width, ends[r] - common_end, CKStoreAdd);
  }
}

/// In place: scores become p, and products dout.v become ds, for the keys [begin, end) of a panel.
static void score_gradients(float *scores, float *products, size_t begin, size_t end, float scale, float log_sum,
                            float d) {
  vf factor = vf_set1(scale), shift = vf_set1(log_sum), mean = vf_set1(d);
  for (size_t j = begin / VF_LANES * VF_LANES; j < end; j += VF_LANES) {
    // Panels are whole vectors, so the first and last may be handled beyond the range: nothing there is used.
    vf p = vf_exp(vf_sub(vf_mul(vf_load(scores + j), factor), shift));
    vf_store(scores + j, p);
    vf_store(products + j, vf_mul(vf_mul(p, factor), vf_sub(vf_load(products + j), mean)));
  }
}

static void ck_attention_backward_f32(float *dq, size_t dq_stride, float *dprefix_k, float *dprefix_v,
                                      size_t dprefix_stride, float *down_k, float *down_v, size_t down_stride,
                                      const float *dout, size_t dout_stride, const float *out, size_t out_stride,
                                      const float *log_sum, size_t log_sum_stride, const float *q, size_t q_stride,
                                      const float *prefix_k, const float *prefix_v, size_t prefix_stride,
                                      const float *own_k, const float *own_v, size_t own_stride,
                                      const CKAttentionShape *shape, float *scratch) {
  size_t width = shape->head_width, all_queries = shape->rows * shape->group, panels = panel_count(shape);
  if (width == 0 || all_queries == 0) return;
  KeyRows keys = {prefix_k, own_k, prefix_stride, own_stride, shape->prefix_rows, shape->rows};
  KeyRows values = {prefix_v, own_v, prefix_stride, own_stride, shape->prefix_rows, shape->rows};
  size_t panel_size = ATTENTION_PANEL * width, tile_size = ATTENTION_QUERIES * width, packed = 0;
  float *key_panels = scratch, *value_panels = key_panels + panels * panel_size;
  float *query_tile = value_panels + panels * panel_size, *dout_tile = query_tile + tile_size;
  float *dq_tile = dout_tile + tile_size, *scores = dq_tile + tile_size;
  float *products = scores + ATTENTION_QUERIES * ATTENTION_PANEL;
  float *d = products + ATTENTION_QUERIES * ATTENTION_PANEL, *log_sums = d + ATTENTION_QUERIES;

  for (size_t first = 0; first < all_queries; first += ATTENTION_QUERIES) {
    size_t queries = smaller(ATTENTION_QUERIES, all_queries - first);
    size_t seen_by_last = seen_keys(shape, first + queries - 1);
    // The outputs are only needed for D: they pass through dq's tile.
    gather_queries(dq_tile, out, out_stride, shape, first, queries);
    gather_queries(dout_tile, dout, dout_stride, shape, first, queries);
    gather_queries(query_tile, q, q_stride, shape, first, queries);
    for (size_t t = 0; t < queries; t++) {
      d[t] = row_dot(dout_tile + t * width, dq_tile + t * width, width);
      log_sums[t] = log_sum[(first + t) / shape->group * log_sum_stride + (first + t) % shape->group];
    }
    for (size_t i = 0; i < queries * width; i++) dq_tile[i] = 0;

    packed = larger(packed, first_panel(shape, first));
    for (size_t panel = first_panel(shape, first); panel * ATTENTION_PANEL < seen_by_last; panel++) {
      size_t first_key = panel * ATTENTION_PANEL, end_key = smaller(first_key + ATTENTION_PANEL, seen_by_last);
      float *key_panel = key_panels + panel * panel_size, *value_panel = value_panels + panel * panel_size;
      if (panel == packed) {
        pack_key_panel(key_panel, &keys, first_key, width);
        pack_key_panel(value_panel, &values, first_key, width);
        packed++;
      }
      tile_product(scores, ATTENTION_PANEL, query_tile, width, 1, key_panel, ATTENTION_PANEL, queries, ATTENTION_PANEL,
                   width, CKStoreStore);
      tile_product(products, ATTENTION_PANEL, dout_tile, width, 1, value_panel, ATTENTION_PANEL, queries,
                   ATTENTION_PANEL, width, CKStoreStore);
      for (size_t t = 0; t < queries; t++) {
        size_t begin = larger(first_key, first_seen(shape, first + t));
        size_t end = smaller(end_key, seen_keys(shape, first + t));
        if (begin < end)
          score_gradients(scores + t * ATTENTION_PANEL, products + t * ATTENTION_PANEL, begin - first_key,
                          end - first_key, shape->scale, log_sums[t], d[t]);
      }
      add_weighted_rows(dq_tile, products, ATTENTION_PANEL, &keys, shape, first, queries, first_key, end_key);
      for (size_t key = first_key; key < end_key;) {
        int own = key >= shape->prefix_rows;
        size_t end = own ? end_key : smaller(end_key, shape->prefix_rows), at = key - first_key;
        float *dk = own ? down_k + (key - shape->prefix_rows) * down_stride : dprefix_k + key * dprefix_stride;
        float *dv = own ? down_v + (key - shape->prefix_rows) * down_stride : dprefix_v + key * dprefix_stride;
        size_t stride = own ? down_stride : dprefix_stride;
        add_key_gradients(dk, stride, products + at, query_tile, shape, first, queries, key, end);
        add_key_gradients(dv, stride, scores + at, dout_tile, shape, first, queries, key, end);
        key = end;
      }
    }
    for (size_t t = 0; t < queries; t++) {
      float *to = dq + (first + t) / shape->group * dq_stride + (first + t) % shape->group * width;
      copy_row(to, dq_tile + t * width, width);
    }
  }
}
