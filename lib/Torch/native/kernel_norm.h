// LayerNorm with the residual addition in front of it, the exact GELU, and dropout, in one pass over memory each.
#pragma once

#include <cmath>

namespace {

void norm(const float* x, const void* y, bool y_half, const float* weight, const float* bias, float epsilon, int64_t rows,
          int64_t width, float* total, void* normed, bool normed_half, float* facts) {
  const int64_t whole = width / W * W;
  for (int64_t r = 0; r < rows; r++, x += width, total += width) {
    const int64_t at = r * width;
    V first{};
    float rest = 0;
    for (int64_t i = 0; i < whole; i += W) {
      V s = load(x + i);
      if (y) put(total + i, s += load(y, at + i, y_half));
      first += s;
    }
    for (int64_t i = whole; i < width; i++) {
      if (y) total[i] = x[i] + load1(y, at + i, y_half);
      rest += total[i];
    }
    const float mean = (sum(first) + rest) / width;
    V second{};
    rest = 0;
    for (int64_t i = 0; i < whole; i += W) {
      const V d = load(total + i) - mean;
      second += d * d;
    }
    for (int64_t i = whole; i < width; i++) rest += (total[i] - mean) * (total[i] - mean);
    const float rstd = 1 / std::sqrt((sum(second) + rest) / width + epsilon);
    for (int64_t i = 0; i < whole; i += W)
      store(normed, at + i, (load(total + i) - mean) * rstd * load(weight + i) + load(bias + i), normed_half);
    for (int64_t i = whole; i < width; i++) store1(normed, at + i, (total[i] - mean) * rstd * weight[i] + bias[i], normed_half);
    if (facts) {
      facts[2 * r] = mean;
      facts[2 * r + 1] = rstd;
    }
  }
}

void norm_backward(const float* total, const float* facts, const float* weight, const float* dsum, const void* dnormed,
                   bool dnormed_half, int64_t rows, int64_t width, float* dx, uint16_t* dy, float* dweight, float* dbias) {
  const int64_t whole = width / W * W;
  for (int64_t r = 0; r < rows; r++) {
    const int64_t at = r * width;
    const float mean = facts[2 * r], rstd = facts[2 * r + 1];
    V a{}, b{};
    float a1 = 0, b1 = 0;
    for (int64_t i = 0; i < whole; i += W) {
      const V g = load(dnormed, at + i, dnormed_half), n = (load(total + at + i) - mean) * rstd, gw = g * load(weight + i);
      a += gw;
      b += gw * n;
      put(dweight + i, load(dweight + i) + g * n);
      put(dbias + i, load(dbias + i) + g);
    }
    for (int64_t i = whole; i < width; i++) {
      const float g = load1(dnormed, at + i, dnormed_half), n = (total[at + i] - mean) * rstd;
      a1 += g * weight[i];
      b1 += g * weight[i] * n;
      dweight[i] += g * n;
      dbias[i] += g;
    }
    const float mean_a = (sum(a) + a1) / width, mean_b = (sum(b) + b1) / width;
    for (int64_t i = 0; i < whole; i += W) {
      const V g = load(dnormed, at + i, dnormed_half), n = (load(total + at + i) - mean) * rstd;
      V d = (g * load(weight + i) - mean_a - n * mean_b) * rstd;
      if (dsum) d += load(dsum + at + i);
      put(dx + at + i, d);
      if (dy) put(dy + at + i, narrow(d));
    }
    for (int64_t i = whole; i < width; i++) {
      const float g = load1(dnormed, at + i, dnormed_half), n = (total[at + i] - mean) * rstd;
      const float d = (g * weight[i] - mean_a - n * mean_b) * rstd + (dsum ? dsum[at + i] : 0);
      dx[at + i] = d;
      if (dy) dy[at + i] = narrow1(d);
    }
  }
}

// Phi(x) = erfc(-x / sqrt 2) / 2. erfc(z) for z >= 0 is t P(t) e^(-z^2), t = 1 / (1 + p z) (Abramowitz and Stegun,
// 7.1.26; absolute error 1.5e-7). `density` becomes e^(-x^2 / 2). Far out, infinity included, Phi is 0 or 1 and the density 0, so
// that a product with x is what it should be; NaN stays NaN.
inline V normal(V x, V& density) {
  const V far = all(9.3f);
  const V whole = (x < 0.f ? -x : x) * 0.70710678f;
  const V z = whole > far ? far : whole;
  density = whole > far ? V{} : exponential(-z * z);
  const V t = reciprocal(1.f + 0.3275911f * z);
  V p = all(1.061405429f);
  p = p * t - 1.453152027f;
  p = p * t + 1.421413741f;
  p = p * t - 0.284496736f;
  p = p * t + 0.254829592f;
  const V tail = 0.5f * p * t * density;
  return x < 0.f ? tail : 1.f - tail;
}

template <class F>
inline void each(int64_t count, F body) {
  for (int64_t i = 0; i + W <= count; i += W) body(i, W);
  if (count % W) body(count / W * W, static_cast<int>(count % W));
}

inline V load_some(const void* p, int64_t i, int n, bool half) {
  if (n == W) return load(p, i, half);
  V v{};
  for (int k = 0; k < n; k++) v[k] = load1(p, i + k, half);
  return v;
}
inline void store_some(void* p, int64_t i, int n, V v, bool half) {
  if (n == W) return store(p, i, v, half);
  for (int k = 0; k < n; k++) store1(p, i + k, v[k], half);
}

void gelu(const void* x, void* y, int64_t count, bool half) {
  each(count, [=](int64_t i, int n) {
    V density;
    const V v = load_some(x, i, n, half);
    store_some(y, i, n, v * normal(v, density), half);
  });
}

void gelu_backward(const void* x, const void* dy, void* dx, int64_t count, bool half) {
  each(count, [=](int64_t i, int n) {
    V density;
    const V v = load_some(x, i, n, half);
    const V phi = normal(v, density);
    store_some(dx, i, n, load_some(dy, i, n, half) * (phi + v * density * 0.39894228f), half);
  });
}

// A hash of 32 bits, of the element's number and both halves of the seed; its two multiplications are those of a search for
// the least bias among such hashes (Wellons 2018, "lowbias32").
inline U hash(U i, uint32_t low, uint32_t high) {
  U h = i ^ low;
  h = (h ^ (h >> 16)) * 0x7feb352dU;
  h = (h ^ (h >> 15)) + high;
  h = h * 0x846ca68bU;
  return h ^ (h >> 16);
}

void dropout(const void* x, void* y, int64_t first, int64_t count, uint64_t seed, uint32_t threshold, float scale, bool half) {
  const uint32_t low = static_cast<uint32_t>(seed), high = static_cast<uint32_t>(seed >> 32);
  U lane;
  for (int k = 0; k < W; k++) lane[k] = k;
  each(count, [=](int64_t i, int n) {
    const U h = hash(lane + static_cast<uint32_t>(first + i), low, high);
    store_some(y, i, n, h < threshold ? V{} : load_some(x, i, n, half) * scale, half);
  });
}

}  // namespace
