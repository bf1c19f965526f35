namespace Retort.Data;

/// <summary>Made sounds of animals, and of a door that creaks like one.</summary>
internal static class CreatureSounds
{
    public static void BirdChirp(Span<float> x, EventDraw e)
    {
        var gap = e["gap"];
        for (var from = 0; from < x.Length; from += Signal.At(gap * e.Jitter(0.3)))
        {
            var (f, seconds, glide, bend) = (e["pitch"], e["length"], e["glide"], e.Random.Uniform(-0.2, 0.2));
            var part = x.Slice(from, Math.Min(Signal.At(seconds), x.Length - from));
            Signal.AddHarmonics(part, [1, 0.08f], t => f * Math.Pow(glide, t / seconds) * (1 + bend * Math.Sin(Math.PI * t / seconds)), 0);
            Signal.Shape(part, t => Math.Sin(Math.PI * Math.Min(t / seconds, 1)));
            from += part.Length;
        }
    }

    public static void DogBark(Span<float> x, EventDraw e)
    {
        var (f, seconds, gap, formant) = (e["pitch"], e["length"], e["gap"], e["formant"]);
        for (var from = 0; from < x.Length; from += Signal.At(gap * e.Jitter(0.3)))
        {
            var bark = x.Slice(from, Math.Min(Signal.At(seconds * e.Jitter(0.1)), x.Length - from));
            var top = f * e.Jitter(0.08);
            var levels = new float[14];
            Array.Fill(levels, 0.4f);
            Signal.AddHarmonics(bark, levels, t => top * (0.65 + 0.35 * Math.Sin(Math.PI * Math.Pow(Math.Min(t / seconds, 1), 0.6))), e.Phase());
            Signal.AddNoise(bark, e.Random, 0.5);
            Signal.BandPass(bark, formant, 1.3);
            Signal.Shape(bark, t => Math.Min(1, t / 0.008) * Math.Pow(Math.Max(0, 1 - t / seconds), 0.8));
            from += bark.Length;
        }
    }

    public static void Cricket(Span<float> x, EventDraw e)
    {
        var (f, rate, chirp, phase) = (e["pitch"], e["rate"], e["chirp"], e.Phase());
        Signal.AddHarmonics(x, [1], _ => f, e.Phase());
        Signal.Shape(x, t => Math.Pow(0.5 + 0.5 * Math.Sin(2 * Math.PI * rate * t + phase), 2) * (t / chirp % 2 < 1.2 ? 1 : 0.03));
    }

    public static void CatMeow(Span<float> x, EventDraw e)
    {
        var (f, formant, opening) = (e["pitch"], e["formant"], e["opening"]);
        var seconds = (double)x.Length / Signal.Rate;
        var levels = new float[16];
        for (var h = 0; h < levels.Length; h++)
        {
            levels[h] = (float)Math.Pow(h + 1, -0.3);
        }
        double Arc(double t) => Math.Sin(Math.PI * Math.Clamp(t / seconds, 0, 1));
        Signal.AddHarmonics(x, levels, t => f * (0.85 + 0.3 * Arc(t)), e.Phase());
        Signal.MovingBandPass(x, t => formant * (1 + (opening - 1) * Arc(t)), 3);
        Signal.Shape(x, t => Math.Pow(Arc(t), 0.7));
    }

    public static void CreakingDoor(Span<float> x, EventDraw e)
    {
        var (f, rate, change) = (e["pitch"], e["rate"], e["change"]);
        var seconds = (double)x.Length / Signal.Rate;
        change = e.Random.Chance(0.5) ? change : 1 / change;
        rate = change < 1 ? rate / change : rate;
        for (var t = 0.0; t < seconds;)
        {
            var from = Signal.At(t);
            Signal.AddDamped(x, from, f * e.Jitter(0.03), 0.004, e.Jitter(0.5));
            Signal.AddDamped(x, from, f * 1.9 * e.Jitter(0.05), 0.003, 0.6 * e.Jitter(0.5));
            t += e.Jitter(0.15) / (rate * Math.Pow(change, t / seconds));
        }
    }
}
