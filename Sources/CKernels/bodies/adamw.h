// One AdamW step, in one pass over the four arrays.

static void ck_adamw_f32(float *restrict parameter, float *restrict m, float *restrict v, const float *gradient,
                         size_t count, float gradient_scale, float learning_rate, float beta1, float beta2,
                         float epsilon, float weight_decay, float correction1, float correction2) {
  vf scale = vf_set1(gradient_scale), keep = vf_set1(1.0f - learning_rate * weight_decay);
  vf b1 = vf_set1(beta1), b2 = vf_set1(beta2), new1 = vf_set1(1.0f - beta1), new2 = vf_set1(1.0f - beta2);
  vf step = vf_set1(learning_rate / correction1), unbias2 = vf_set1(1.0f / correction2), floor = vf_set1(epsilon);
  for (size_t i = 0; i < count; i += VF_LANES) {
    size_t n = count - i;
    int whole = n >= VF_LANES;
    vf g = vf_mul(scale, whole ? vf_load(gradient + i) : vf_load_partial(gradient + i, n));
    vf p = whole ? vf_load(parameter + i) : vf_load_partial(parameter + i, n);
    vf first = whole ? vf_load(m + i) : vf_load_partial(m + i, n);
    vf second = whole ? vf_load(v + i) : vf_load_partial(v + i, n);
    first = vf_fma(b1, first, vf_mul(new1, g));
    second = vf_fma(b2, second, vf_mul(vf_mul(new2, g), g));
    vf denominator = vf_add(vf_sqrt(vf_mul(second, unbias2)), floor);
    p = vf_fnma(step, vf_div(first, denominator), vf_mul(p, keep));
    if (whole) {
      vf_store(parameter + i, p);
      vf_store(m + i, first);
      vf_store(v + i, second);
    } else {
      vf_store_partial(parameter + i, p, n);
      vf_store_partial(m + i, first, n);
      vf_store_partial(v + i, second, n);
    }
  }
}
