namespace Retort.Data;

/// <summary>Made sounds of weather, water, crowds and blows.</summary>
internal static class NoisySounds
{
    public static void Rain(Span<float> x, EventDraw e)
    {
        var (f, decay) = (e["pitch"], e["decay"]);
        Signal.AddNoise(x, e.Random, 0.25);
        Signal.BandPass(x, f, 0.8);
        Scatter(x, e, e["density"], at => Signal.AddDamped(at.Into, at.From, f * e.Jitter(0.35), decay * e.Jitter(0.4), at.Level));
    }

    public static void Stream(Span<float> x, EventDraw e)
    {
        var (f, decay) = (e["pitch"], e["decay"]);
        Signal.AddNoise(x, e.Random, 0.1);
        Signal.BandPass(x, f, 0.7);
        Scatter(x, e, e["density"], at => Signal.AddDamped(at.Into, at.From, f * Math.Exp(0.5 * e.Random.Normal()), decay * e.Jitter(0.5), at.Level));
    }

    public static void Applause(Span<float> x, EventDraw e)
    {
        var (f, decay) = (e["pitch"], e["decay"]);
        Scatter(x, e, e["density"], at => Signal.AddBurst(at.Into, at.From, decay * e.Jitter(0.4), at.Level, e.Random));
        Signal.BandPass(x, f, 0.9);
    }

    public static void Wind(Span<float> x, EventDraw e)
    {
        var (f, sharpness, rate, a, b) = (e["pitch"], e["sharpness"], e["rate"], e.Phase(), e.Phase());
        Signal.AddNoise(x, e.Random, 1);
        Signal.MovingBandPass(x, t => f * Math.Exp(0.35 * Math.Sin(2 * Math.PI * rate * t + a)), sharpness);
        Signal.Shape(x, t => 0.65 + 0.35 * Math.Sin(2 * Math.PI * rate * t + b));
        Signal.Ramp(x, 0.06, 0.06);
    }

    public static void Thunder(Span<float> x, EventDraw e)
    {
        var (f, rate) = (e["pitch"], e["rate"]);
        Signal.AddNoise(x, e.Random, 1);
        Signal.LowPass(x, f, 1);
        Signal.LowPass(x, f * 1.6);
        double now = 1, next = e.Random.NextDouble(), from = 0;
        Signal.Shape(x, t =>
        {
            while (t - from > 1 / rate)
            {
                (now, next, from) = (next, 0.15 + e.Random.NextDouble(), from + 1 / rate);
            }
            return now + (next - now) * (t - from) * rate;
        });
    }

    public static void Cymbal(Span<float> x, EventDraw e)
    {
        var (f, decay, metal) = (e["pitch"], e["decay"], e["metal"]);
        Signal.AddBurst(x, 0, decay, 1, e.Random);
        Signal.HighPass(x, f, 1);
        for (var i = 0; i < 8; i++)
        {
            Signal.AddDamped(x, 0, f * (0.8 + 0.9 * e.Random.NextDouble()), decay * e.Jitter(0.5), metal * 0.4 * e.Jitter(0.8));
        }
    }

    public static void Knock(Span<float> x, EventDraw e) => Repeat(x, e, e["interval"], 0.15, KnockOnce(e));

    public static void Footsteps(Span<float> x, EventDraw e)
    {
        var (f, scuff) = (e["pitch"], e["scuff"]);
        var soles = new float[x.Length];
        Repeat(x, e, e["interval"], 0.06, at =>
        {
            Signal.AddDamped(at.Into, at.From, f * e.Jitter(0.08), 0.02, at.Level);
            Signal.AddBurst(soles, at.From + Signal.At(0.01 * e.Random.NextDouble()), 0.012, 1.2 * at.Level, e.Random);
        });
        Signal.BandPass(soles, scuff, 1.2);
        for (var i = 0; i < x.Length; i++)
        {
            x[i] += soles[i];
        }
    }

    public static void ClockTicking(Span<float> x, EventDraw e)
    {
        var (f, decay, odd) = (e["pitch"], e["decay"], false);
        Repeat(x, e, e["interval"], 0, at =>
        {
            odd = !odd;
            var pitch = odd ? f : f * 0.86;
            Signal.AddDamped(at.Into, at.From, pitch, decay, 1);
            Signal.AddDamped(at.Into, at.From, pitch * 1.47, decay * 0.7, 0.6);
        });
    }

    public static void WaterDrop(Span<float> x, EventDraw e)
    {
        Repeat(x, e, e["interval"], 0.4, at =>
        {
            var (f, decay, rise) = (e["pitch"], e["decay"], e["rise"]);
            var part = at.Into.AsSpan(at.From, Math.Min(Signal.At(decay * 5), at.Into.Length - at.From));
            var drop = new float[part.Length];
            Signal.AddHarmonics(drop, [(float)at.Level], t => f * Math.Pow(rise, t / (2 * decay)), 0);
            Signal.Shape(drop, t => Math.Exp(-t / decay));
            Add(drop, part);
        });
    }

    public static void Drum(Span<float> x, EventDraw e)
    {
        var (f, decay, fall) = (e["pitch"], e["decay"], e["fall"]);
        Repeat(x, e, e["interval"], 0.1, at =>
        {
            var part = at.Into.AsSpan(at.From, Math.Min(Signal.At(decay * 5), at.Into.Length - at.From));
            var beat = new float[part.Length];
            Signal.AddHarmonics(beat, [(float)at.Level, 0.2f * (float)at.Level], t => f * (1 / fall + (1 - 1 / fall) * Math.Exp(-t / 0.03)), 0);
            Signal.Shape(beat, t => Math.Exp(-t / decay));
            Signal.AddBurst(beat, 0, 0.004, 0.5 * at.Level, e.Random);
            Add(beat, part);
        });
    }

    private static Action<Blow> KnockOnce(EventDraw e)
    {
        var (f, decay) = (e["pitch"], e["decay"]);
        return at =>
        {
            Signal.AddDamped(at.Into, at.From, f, decay, at.Level);
            Signal.AddDamped(at.Into, at.From, f * 2.3 * e.Jitter(0.03), decay * 0.6, 0.6 * at.Level);
            Signal.AddDamped(at.Into, at.From, f * 4.1 * e.Jitter(0.03), decay * 0.3, 0.4 * at.Level);
            Signal.AddBurst(at.Into, at.From, 0.0015, 0.4 * at.Level, e.Random);
        };
    }

    /// <summary>One blow: where it goes, when, and how hard.</summary>
    private readonly record struct Blow(float[] Into, int From, double Level);

    /// <summary>Blows at even times, each moved by up to a share of the interval.</summary>
    private static void Repeat(Span<float> x, EventDraw e, double interval, double unevenness, Action<Blow> blow)
    {
        var into = new float[x.Length];
        for (var t = 0.0; Signal.At(t) < x.Length; t += interval * e.Jitter(unevenness))
        {
            blow(new Blow(into, Signal.At(t), e.Jitter(0.25)));
        }
        Add(into, x);
    }

    /// <summary>Blows at random times, so many a second on average, most of them soft.</summary>
    private static void Scatter(Span<float> x, EventDraw e, double density, Action<Blow> blow)
    {
        var into = new float[x.Length];
        var count = Math.Max(1, (int)Math.Round(density * x.Length / Signal.Rate));
        for (var i = 0; i < count; i++)
        {
            blow(new Blow(into, e.Random.Next(x.Length), Math.Pow(e.Random.NextDouble(), 2) + 0.1));
        }
        Add(into, x);
    }

    private static void Add(ReadOnlySpan<float> from, Span<float> into)
    {
        for (var i = 0; i < from.Length; i++)
        {
            into[i] += from[i];
        }
    }
}
