// A log-mel spectrogram of W frames at a time: the frames are the lanes of the vectors, so the transform needs no shuffles.
#pragma once

namespace {

struct Complex { V re, im; };
inline Complex times(Complex a, float re, float im) { return {a.re * re - a.im * im, a.re * im + a.im * re}; }

// Stockham's transform of n complex values of each lane, radix 4 with a last step of 2; twiddles: e^(-2 pi i k / (2 n)).
// The result is in x or y, whichever is returned.
inline Complex* transform(Complex* x, Complex* y, int64_t n, const float* twiddles) {
  const int64_t size = n;
  int64_t s = 1;
  for (; n >= 4; n /= 4, s *= 4) {
    const int64_t m = n / 4;
    for (int64_t p = 0; p < m; p++) {
      const float* w1 = twiddles + 4 * p * (size / n);  // index 2 p size / n, two floats each
      const float* w2 = twiddles + 8 * p * (size / n);
      const float* w3 = twiddles + 12 * p * (size / n);
      for (int64_t q = 0; q < s; q++) {
        Complex a = x[q + s * p], b = x[q + s * (p + m)], c = x[q + s * (p + 2 * m)], d = x[q + s * (p + 3 * m)];
        Complex plus{a.re + c.re, a.im + c.im}, minus{a.re - c.re, a.im - c.im};
        Complex sum{b.re + d.re, b.im + d.im}, turned{d.im - b.im, b.re - d.re};  // i (b - d)
        Complex* to = y + q + s * 4 * p;
        to[0] = {plus.re + sum.re, plus.im + sum.im};
        to[s] = times({minus.re - turned.re, minus.im - turned.im}, w1[0], w1[1]);
        to[2 * s] = times({plus.re - sum.re, plus.im - sum.im}, w2[0], w2[1]);
        to[3 * s] = times({minus.re + turned.re, minus.im + turned.im}, w3[0], w3[1]);
      }
    }
    Complex* swap = x; x = y; y = swap;
  }
  if (n == 2) {
    for (int64_t q = 0; q < s; q++) {
      Complex a = x[q], b = x[q + s];
      y[q] = {a.re + b.re, a.im + b.im};
      y[q + s] = {a.re - b.re, a.im - b.im};
    }
    return y;
  }
  return x;
}

// The largest transform the buffers are made for.
constexpr int64_t LargestFft = 2048;

void mel(const float* wave, int64_t samples, const float* window, const float* bank, int64_t mels, int64_t fft, int64_t hop,
         const float* twiddles, const int32_t* ranges, int64_t frames, int64_t first, int64_t last, float* out) {
  alignas(64) static thread_local Complex one[LargestFft / 2], two[LargestFft / 2];
  alignas(64) static thread_local V power[LargestFft / 2 + 1];
  const int64_t half = fft / 2;
  for (int64_t frame = first; frame < last; frame += W) {
    const int64_t lanes = last - frame < W ? last - frame : W;
    // Sample n of frame t is wave[t hop - half + n], reflected at the borders.
    for (int64_t n = 0; n < fft; n += W) {
      V rows[W];
      const V w = load(window + n);
      for (int l = 0; l < W; l++) {
        const int64_t from = (frame + (l < lanes ? l : 0)) * hop - half + n;
        if (from >= 0 && from + W <= samples) {
          rows[l] = load(wave + from) * w;
        } else {
          float x[W];
          for (int i = 0; i < W; i++) {
            int64_t at = from + i;
            if (at < 0) at = -at;
            if (at >= samples) at = 2 * samples - 2 - at;
            x[i] = wave[at];
          }
          rows[l] = load(x) * w;
        }
      }
      transpose(rows);
      for (int i = 0; i < W; i += 2) one[(n + i) / 2] = {rows[i], rows[i + 1]};
    }
    const Complex* z = transform(one, two, half, twiddles);
    // The even and odd samples' transforms, from that of even + i odd: |E + e^(-2 pi i k / fft) O|^2.
    for (int64_t k = 0; k <= half; k++) {
      const Complex a = z[k == half ? 0 : k], b = z[k == 0 ? 0 : half - k];
      const Complex even{0.5f * (a.re + b.re), 0.5f * (a.im - b.im)}, odd{0.5f * (a.im + b.im), 0.5f * (b.re - a.re)};
      const Complex turned = times(odd, twiddles[2 * k], twiddles[2 * k + 1]);
      const V re = even.re + turned.re, im = even.im + turned.im;
      power[k] = re * re + im * im;
    }
    for (int64_t m = 0; m < mels; m++) {
      V sum{};
      for (int64_t k = ranges[2 * m]; k < ranges[2 * m + 1]; k++) sum += power[k] * bank[k * mels + m];
      // 10 log10 x = 10 / ln 10 ln x, of at least 1e-10; NaN stays NaN.
      const V db = 4.34294482f * logarithm(larger(sum, all(1e-10f)));
      const V shown = sum == sum ? db : sum;
      if (lanes == W) {
        put(out + m * frames + frame, shown);
      } else {
        for (int64_t l = 0; l < lanes; l++) out[m * frames + frame + l] = shown[l];
      }
    }
  }
}

}  // namespace
