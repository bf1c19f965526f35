namespace Retort.Data;

/// <summary>Made sounds with a pitch that lasts: tones, sirens, machines that hum, instruments.</summary>
internal static class TonalSounds
{
    public static void PureTone(Span<float> x, EventDraw e)
    {
        var f = e["pitch"];
        Signal.AddHarmonics(x, [1], _ => f, e.Phase());
    }

    public static void OrganTone(Span<float> x, EventDraw e)
    {
        var (f, rolloff) = (e["pitch"], e["rolloff"]);
        var levels = new float[(int)e["harmonics"]];
        for (var h = 0; h < levels.Length; h++)
        {
            levels[h] = (float)(Math.Pow(h + 1, -rolloff) * e.Jitter(0.5));
        }
        Signal.AddHarmonics(x, levels, _ => f, e.Phase());
        Signal.Ramp(x, 0.03, 0.03);
    }

    public static void Siren(Span<float> x, EventDraw e)
    {
        var (f, octaves, rate, phase) = (e["pitch"], e["octaves"], e["rate"], e.Phase());
        Signal.AddHarmonics(x, [1, 0.4f, 0.25f], t => f * Math.Pow(2, octaves / 2 * Math.Sin(2 * Math.PI * rate * t + phase)), e.Phase());
    }

    public static void Engine(Span<float> x, EventDraw e)
    {
        var (f, roughness, cutoff) = (e["pitch"], e["roughness"], e["cutoff"]);
        var levels = new float[24];
        for (var h = 0; h < levels.Length; h++)
        {
            levels[h] = (float)(Math.Pow(h + 1, -0.6) * e.Jitter(0.6));
        }
        double wander = 0, at = -1;
        Signal.AddHarmonics(x, levels, t =>
        {
            if (t - at > 0.01)
            {
                (wander, at) = (0.8 * wander + roughness * e.Random.Normal(), t);
            }
            return f * Math.Exp(wander);
        }, e.Phase());
        Signal.AddNoise(x, e.Random, 0.3);
        // Every second stroke is weaker.
        var (depth, phase) = (0.3 * e.Random.NextDouble(), e.Phase());
        Signal.Shape(x, t => 1 + depth * Math.Sin(Math.PI * f * t + phase));
        Signal.LowPass(x, cutoff, 1.2);
    }

    public static void AlarmBeep(Span<float> x, EventDraw e)
    {
        var (f, interval, duty, start) = (e["pitch"], e["interval"], e["duty"], e.Random.NextDouble());
        Signal.AddHarmonics(x, [1, 0, 0.45f, 0, 0.25f], _ => f, e.Phase());
        Signal.Shape(x, t => (t / interval + start) % 1 is var p && p < duty ? Math.Min(1, Math.Min(p, duty - p) * interval / 0.003) : 0);
    }

    public static void Whistle(Span<float> x, EventDraw e)
    {
        var (f, vibrato, depth, phase) = (e["pitch"], e["vibrato"], e["depth"], e.Phase());
        var seconds = (double)x.Length / Signal.Rate;
        var glide = Math.Log(e.Jitter(0.3));
        var breath = e["breath"];
        Signal.AddNoise(x, e.Random, breath * 4);
        Signal.BandPass(x, f, 6);
        Signal.AddHarmonics(x, [1, 0.04f], t => f * Math.Exp(glide * t / seconds) * (1 + depth * Math.Sin(2 * Math.PI * vibrato * t + phase)), e.Phase());
        Signal.Ramp(x, 0.04, 0.04);
    }

    public static void TelephoneRing(Span<float> x, EventDraw e)
    {
        var (f, ratio, rate, phase) = (e["pitch"], e["ratio"], e["rate"], e.Phase());
        Signal.AddHarmonics(x, [1, 0.3f], _ => f, e.Phase());
        Signal.AddHarmonics(x, [1, 0.3f], _ => f * ratio, e.Phase());
        Signal.Shape(x, t => 0.5 + 0.5 * Math.Tanh(4 * Math.Sin(2 * Math.PI * rate * t + phase)));
    }

    public static void Bell(Span<float> x, EventDraw e)
    {
        var (f, decay) = (e["pitch"], e["decay"]);
        foreach (var ratio in (ReadOnlySpan<double>)[0.5, 1, 1.19, 1.5, 2, 2.51, 2.66, 3.01, 4.17, 5.43])
        {
            Signal.AddDamped(x, 0, f * ratio * e.Jitter(0.015), decay / Math.Sqrt(ratio), e.Jitter(0.7) / Math.Sqrt(ratio));
        }
    }

    public static void StruckBar(Span<float> x, EventDraw e)
    {
        var gap = e["gap"];
        for (var t = 0.0; Signal.At(t) < x.Length; t += gap * e.Jitter(0.2))
        {
            var (f, decay, from) = (e["pitch"], e["decay"], Signal.At(t));
            Signal.AddDamped(x, from, f, decay, 1);
            Signal.AddDamped(x, from, f * 3.93 * e.Jitter(0.02), decay / 3, 0.4 * e.Jitter(0.6));
            Signal.AddDamped(x, from, f * 9.6 * e.Jitter(0.03), decay / 8, 0.2 * e.Jitter(0.6));
        }
    }

    // Karplus and Strong, "Digital synthesis of plucked-string and drum timbres" (1983), with a fractional delay.
    public static void PluckedString(Span<float> x, EventDraw e)
    {
        var gap = e["gap"];
        for (var t = 0.0; Signal.At(t) < x.Length; t += gap * e.Jitter(0.2))
        {
            var brightness = (float)e["brightness"];
            var period = Signal.Rate / e["pitch"] - 0.5;
            var line = new float[(int)period + 1];
            var share = (float)(period - (int)period);
            var smooth = 0f;
            for (var i = 0; i < line.Length; i++)
            {
                smooth += brightness * (2 * e.Random.NextSingle() - 1 - smooth);
                line[i] = smooth;
            }
            var peak = Math.Max(Signal.Peak(line), 1e-6f);
            float last = 0, lastOut = 0;
            for (int i = Signal.At(t), p = 0; i < x.Length; i++, p = (p + 1) % line.Length)
            {
                var delayed = (1 - share) * line[(p + 1) % line.Length] + share * line[p];
                lastOut = 0.498f * (delayed + last);
                last = delayed;
                x[i] += line[p] / peak;
                line[p] = lastOut;
            }
        }
    }

    public static void VacuumCleaner(Span<float> x, EventDraw e)
    {
        var (f, whine) = (e["pitch"], e["whine"]);
        Signal.AddNoise(x, e.Random, 1);
        Signal.HighPass(x, e["low"]);
        Signal.LowPass(x, e["high"]);
        var levels = new float[8];
        for (var h = 0; h < levels.Length; h++)
        {
            levels[h] = (float)(whine * e.Jitter(0.7) / (1 + 0.3 * h));
        }
        Signal.AddHarmonics(x, levels, _ => f, e.Phase());
    }
}
