// Includes every body and fills the table of the variant that includes this file. No include guard: it is meant to be
// included once by each variants/*.c, inside its target region.

// GEMM side
#include "convert.h"
#include "tile.h"
#include "pack.h"
#include "gemm.h"

// Everything else, helpers before their users
#include "transcendental.h"
#include "rows.h"
#include "dequantize.h"
#include "stored_run.h"
#include "gemm_stored.h"
#include "elementwise.h"
#include "silu.h"
#include "rmsnorm.h"
#include "rotate.h"
#include "softmax.h"
#include "logprob.h"
#include "tile_product.h"
#include "attention.h"
#include "adamw.h"

// clang-format off
#define CK_EACH_KERNEL(X)                                                                                              \
  X(pack_nt_f32) X(pack_nn_f32) X(pack_nt_f32_bf16) X(pack_nn_f32_bf16)                                                \
  X(gemm_f32) X(gemm_bf16_f32) X(convert_f32_bf16)                                                                     \
  X(dequantize_f32) X(gemm_stored_f32) X(gemm_stored_bf16_f32)                                                         \
  X(add_f32) X(subtract_f32) X(multiply_f32) X(divide_f32) X(scale_f32) X(add_scaled_f32)                              \
  X(exp_f32) X(log_f32) X(sigmoid_f32) X(tanh_f32) X(sum_f32) X(dot_f32)                                               \
  X(silu_multiply_f32) X(silu_multiply_backward_f32)                                                                   \
  X(rmsnorm_f32) X(rmsnorm_backward_f32) X(rmsnorm_backward_weight_f32) X(rotate_f32)                                  \
  X(softmax_rows_f32) X(softmax_rows_backward_f32) X(log_softmax_rows_f32) X(log_softmax_rows_backward_f32)            \
  X(logprob_rows_f32) X(logprob_rows_gradient_f32)                                                                     \
  X(attention_scratch_f32) X(attention_backward_scratch_f32) X(attention_f32) X(attention_backward_f32)                \
  X(adamw_f32)
// clang-format on

#define CK_KERNEL(NAME) .NAME = ck_##NAME,
static const CKKernels table = {.variant = CK_VARIANT,
                                .bf16_dot = CK_BF16_DOT,
                                .panel_width_f32 = CK_PANEL_WIDTH,
                                .panel_width_bf16 = CK_PANEL_WIDTH,
                                .gemm_block = CK_GEMM_BLOCK,
                                CK_EACH_KERNEL(CK_KERNEL)};

const CKKernels *const CK_TABLE = &table;
