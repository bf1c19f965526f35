// Attention of one more token to the tokens before it and to a memory, for decoding without gradients.
#pragma once

#include <cmath>

namespace {

// A sum of lanes without the way through memory.
inline float lanes(V x) {
  I turned;
  for (int half = W / 2; half > 0; half /= 2) {
    for (int i = 0; i < W; i++) turned[i] = (i + half) % W;
    x += __builtin_shuffle(x, turned);
  }
  return x[0];
}

// Scores become weights; returns 1 / their sum. There is room up to a whole vector, which is set to 0.
inline float weigh(float* scores, int64_t count, float scale) {
  const int64_t whole = up(count, W);
  for (int64_t i = count; i < whole; i++) scores[i] = -__builtin_inff();
  V top = load(scores);
  for (int64_t i = W; i < whole; i += W) top = larger(load(scores + i), top);
  const float most = largest(top);
  V total{};
  for (int64_t i = 0; i < whole; i += W) {
    V e = exponential((load(scores + i) - most) * scale);
    if (i + W > count)
      for (int64_t k = count - i; k < W; k++) e[k] = 0;
    total += e;
    put(scores + i, e);
  }
  return 1 / lanes(total);
}

// scratch: heads times count, up to whole vectors.
void attend_steps(const float* const* steps, const int64_t* rows, int64_t count, int64_t all_rows, int64_t row, int64_t heads,
                  int64_t width, float* scratch, float* out) {
  const int64_t D = heads * width, pitch = up(count, W);
  const float* q = steps[count - 1] + rows[(count - 1) * all_rows + row] * 3 * D;
  for (int64_t s = 0; s < count; s++) {
    const float* k = steps[s] + rows[s * all_rows + row] * 3 * D + D;
    for (int64_t h = 0; h < heads; h++) {
      V product{};
      for (int64_t j = h * width; j < (h + 1) * width; j += W) product += load(q + j) * load(k + j);
      scratch[h * pitch + s] = lanes(product);
    }
  }
  const float scale = 1 / std::sqrt(static_cast<float>(width));
  for (int64_t h = 0; h < heads; h++) {
    float* weights = scratch + h * pitch;
    const float inverse = weigh(weights, count, scale);
    for (int64_t j = h * width; j < (h + 1) * width; j += W) {
      V mixed{};
      for (int64_t s = 0; s < count; s++) mixed += weights[s] * load(steps[s] + rows[s * all_rows + row] * 3 * D + 2 * D + j);
      put(out + j, mixed * inverse);
    }
  }
}

// One (row, head): keys lie as (width, pitch), values as (frames, width); pitch is a multiple of 64. scratch: pitch.
void attend_memory(const float* q, const float* keys, const float* values, int64_t frames, int64_t pitch, int64_t width,
                   float* scratch, float* out) {
  for (int64_t s = 0; s < frames; s += 4 * W) {
    V a[4]{};
    for (int64_t j = 0; j < width; j++)
      for (int i = 0; i < 4; i++) a[i] += q[j] * load(keys + j * pitch + s + i * W);
    for (int i = 0; i < 4; i++) put(scratch + s + i * W, a[i]);
  }
  const float inverse = weigh(scratch, frames, 1 / std::sqrt(static_cast<float>(width)));
  const int64_t whole = frames / 4 * 4;
  for (int64_t j = 0; j < width; j += W) {
    V a[4]{};
    for (int64_t s = 0; s < whole; s += 4)
      for (int i = 0; i < 4; i++) a[i] += scratch[s + i] * load(values + (s + i) * width + j);
    for (int64_t s = whole; s < frames; s++) a[0] += scratch[s] * load(values + s * width + j);
    put(out + j, ((a[0] + a[1]) + (a[2] + a[3])) * inverse);
  }
}

// ln of the sum of e^(x - most), most being the largest x; NaN if any x is NaN or none is finite.
float log_sum(const float* x, int64_t count, float* most) {
  float top = -__builtin_inff(), total = 0;
  for (int64_t i = 0; i < count; i++) top = x[i] > top ? x[i] : top;
  V totals{};
  each(count, [&](int64_t i, int n) {
    V e = exponential(load_some(x, i, n, false) - top);
    for (int k = n; k < W; k++) e[k] = 0;
    totals += e;
  });
  total = lanes(totals);
  *most = top;
  return std::log(total);
}

}  // namespace
