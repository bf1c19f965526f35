// The kernels of LLaMA's layers; no libtorch in here, as in kernels.h.
#pragma once

#include <cstdint>

namespace retort {

// Queries, keys and values of grouped attention as the fused projection gives them: (B, T, G, each + 2, h), per group its queries,
// then its key, then its value. h is a multiple of 2.
struct Grouped {
  int64_t batch, length, groups, each, width;  // width: h
  const float *cosines, *sines;                // (B or 1, T, h / 2)
  bool own;                                    // each row of the batch has angles of its own
  float factor;                                // of the queries: 1 / sqrt(h)
};

// Grouped attention: queries (B, G, each, T, h), divided by sqrt(h), to keys and values (B, G, S, h) whose rows of h lie one behind the
// other; the queries are those of the last T places. Then to an adapter's rows (B or 1, G each, U, h) by a softmax of their own, times a
// gate a head. h is a multiple of 16.
struct Kept {
  int64_t batch, length, all, groups, each, width;  // B, T, S, G, each, h
  const void *q, *k, *v;
  int64_t k_batch, k_group, v_batch, v_group;       // elements from one to the next
  const int64_t* left;                              // (B): keys at the left that nothing but themselves sees, or null
  int64_t rows;                                     // U, or 0
  const void *prompt_keys, *prompt_values;
  const float* gates;
  bool own;                                         // each row of the batch has prompt rows of its own
};

// Gradients: q, k and v, contiguous, or null all three; the prompt's (B, G each, U, h) and the gates' (B, G each). Those of keys and
// values are added to.
struct KeptSlopes {
  float *q, *k, *v, *prompt_keys, *prompt_values, *gates;
};

struct LlamaKernels {
  // Rows of y = x / sqrt(mean(x^2) + epsilon) w; width is a multiple of 16. scales (rows) gets the factor of x, or is null. In
  // bfloat16 the product with w is of the rounded value, as the plain operators have it.
  void (*rms)(const void* x, const void* w, float epsilon, int64_t rows, int64_t width, void* y, float* scales, bool half);
  // dx of float32 rows; dw is added to, or null.
  void (*rms_backward)(const float* x, const float* w, const float* scales, const float* dy, int64_t rows, int64_t width, float* dx, float* dw);

  // y = a / (1 + e^-a) b, and its gradients.
  void (*gate)(const void* a, const void* b, void* y, int64_t count, bool half);
  void (*gate_backward)(const float* a, const float* b, const float* dy, float* da, float* db, int64_t count);

  // One row b of the batch: fused to q (G, each, T, h), turned and times the factor, k (G, T, h), turned, and v (G, T, h).
  void (*split)(const Grouped& g, int64_t b, const void* fused, void* q, void* k, void* v, bool half);
  void (*split_backward)(const Grouped& g, int64_t b, const float* dq, const float* dk, const float* dv, float* dfused);

  // One group g of row b: out is (B, T, G each h). Gradients are of float32.
  void (*attend)(const Kept& a, int64_t b, int64_t g, void* out, bool half);
  void (*attend_backward)(const Kept& a, int64_t b, int64_t g, const float* dout, const KeptSlopes& to);

  // y[r][o] = sum_i x[r][i] w[o][i] for the outputs from first to last; inputs is a multiple of 32, of bytes 64. Rows of y are
  // `outputs` apart. In bfloat16 sums are float32; bytes are factors of scales[o], and x may be
  // rounded to 1/16256 of its row's largest.
  void (*multiply)(const uint16_t* x, int64_t rows, const uint16_t* w, int64_t inputs, int64_t first, int64_t last, int64_t outputs, uint16_t* y);
  void (*multiply_bytes)(const float* x, int64_t rows, const int8_t* w, const float* scales, int64_t inputs, int64_t first, int64_t last,
                         int64_t outputs, float* y);
};

const LlamaKernels* llama_avx2();
const LlamaKernels* llama_avx512();

}  // namespace retort
