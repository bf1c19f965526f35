// The fused kernels, one table of functions for each instruction set; no libtorch in here, so that the files that are
// compiled for one processor share no inline code with those that run on all.
#pragma once

#include <cstdint>

namespace retort {

// (B, T, 3 D) ordered as (3, heads, d) in float32 or bfloat16. d is a multiple of 16.
struct Packed {
  const void* qkv;
  int64_t batch, length, heads, width;  // width: d
  bool half;                            // bfloat16
  const int64_t* lengths = nullptr;     // valid keys of each clip, 1 to length; null: all
};

// A depthwise convolution of (batch, channels, height, width) with a kernel of 3 or 5, float32 or bfloat16 as the planes are; the
// weights are float32.
struct Depthwise {
  int64_t batch, channels, height, width, out_height, out_width, kernel, stride, before;
  bool half;
};

// One channel of (batch, channels, size).
struct Channel {
  int64_t batch, channels, size, index;
  bool half;
};

// C (m, n) = A (m, k) B (k, n), k in units of 32 bits: one float32 or two bfloat16.
struct Product {
  const void* a;      // (m, k), rows one after another; or, tiled, what pack_left wrote
  bool tiled;
  const uint32_t* b;  // what pack_right wrote
  int64_t m, n, k;
  bool half;
  bool out_half;                 // factor, out and slope in bfloat16
  void* out;                     // (m, n): C
  const float* bias = nullptr;   // (n): out = C + bias
  const void* factor = nullptr;  // (m, n): out = C factor
  bool gelu = false;             // out = GELU(C + bias)
  void* slope = nullptr;         // (m, n): the slope of GELU there, or null
};

struct Kernels {
  const char* name;
  bool bfloat16;

  // One (clip, head), and of its queries one of some parts: out (B, T, D); lse (B, heads, T) may be null.
  void (*attention)(const Packed& p, int64_t index, int64_t part, int64_t parts, void* out, float* lse);

  // One (clip, head) of the gradient: dqkv (B, T, 3 D) from dout (B, T, D).
  void (*attention_backward)(const Packed& p, int64_t index, const void* out, const float* lse, const void* dout, void* dqkv);

  // Rows of sum = x + y, normed = (sum - mean) rstd weight + bias. Without y sum is x. facts: mean and rstd of each row, or null.
  void (*norm)(const float* x, const void* y, bool y_half, const float* weight, const float* bias, float epsilon, int64_t rows,
               int64_t width, float* sum, void* normed, bool normed_half, float* facts);

  // dsum may be null. dx is the gradient of sum; dy its copy in bfloat16, or null; dweight and dbias are added to.
  void (*norm_backward)(const float* sum, const float* facts, const float* weight, const float* dsum, const void* dnormed,
                        bool dnormed_half, int64_t rows, int64_t width, float* dx, uint16_t* dy, float* dweight, float* dbias);

  // mel (mels, frames) in dB of one clip, for frames first to last (first a multiple of 16).
  void (*mel)(const float* wave, int64_t samples, const float* window, const float* bank, int64_t mels, int64_t fft, int64_t hop,
              const float* twiddles, const int32_t* ranges, int64_t frames, int64_t first, int64_t last, float* out);

  // y = x Phi(x), and its gradient.
  void (*gelu)(const void* x, void* y, int64_t count, bool half);
  void (*gelu_backward)(const void* x, const void* dy, void* dx, int64_t count, bool half);

  // y = x scale where a hash of (seed, first + i) is not below threshold, else 0. first is a multiple of 16.
  void (*dropout)(const void* x, void* y, int64_t first, int64_t count, uint64_t seed, uint32_t threshold, float scale, bool half);

  // Decoding: see kernel_decode.h.
  void (*attend_steps)(const float* const* steps, const int64_t* rows, int64_t count, int64_t all_rows, int64_t row, int64_t heads,
                       int64_t width, float* scratch, float* out);
  void (*attend_memory)(const float* q, const float* keys, const float* values, int64_t frames, int64_t pitch, int64_t width,
                        float* scratch, float* out);
  float (*log_sum)(const float* x, int64_t count, float* most);

  // Convolutions: see kernel_conv.h.
  int64_t (*depthwise_scratch)(const Depthwise& d);
  void (*depthwise)(const Depthwise& d, int64_t index, const void* x, const float* weight, const float* bias, bool silu, float* scratch, void* out);
  void (*depthwise_backward)(const Depthwise& d, int64_t channel, const void* x, const float* weight, const void* dout, float* scratch, void* dx,
                             float* dweight);
  void (*batch_norm)(const Channel& c, const void* x, float weight, float bias, float epsilon, bool silu, void* y, float* facts, double* seen);
  void (*batch_norm_backward)(const Channel& c, const void* x, float weight, float bias, const float* facts, const void* dy, bool silu, void* dx,
                              float* dweight, float* dbias);
  void (*bias_silu)(void* x, int64_t at, int64_t size, float bias, bool half);

  // Products: see kernel_linear.h. Rows first to last of C, both multiples of tall or last being m.
  int tall, panel;
  void (*product)(const Product& p, int64_t first, int64_t last);
  void (*pack_right)(const void* x, bool x_half, int64_t rows, int64_t width, bool transposed, bool half, int64_t first, int64_t last,
                     uint32_t* to);
  void (*pack_left)(const void* x, int64_t rows, int64_t width, bool half, int64_t first, int64_t last, uint32_t* to, float* sums);
};

const Kernels* avx2();
const Kernels* avx512();
const Kernels* best();  // this processor's, or null

}  // namespace retort
