namespace Retort.Data;

/// <summary>How far and how wide the mouth is open, from phonemes' times.</summary>
internal static class Visemes
{
    private const int Rate = 200;

    /// <summary>Openness (0 closed to 1) and width (-1 round to 1 spread) of each frame at 25 a second.</summary>
    public static (double[] Open, double[] Wide) Of(IReadOnlyList<TimedPhoneme> phonemes, int frames)
    {
        var count = (frames + 2) * Rate / 25;
        double[] open = new double[count], wide = new double[count];
        Array.Fill(open, Shape("").Open);
        for (var p = 0; p < phonemes.Count; p++)
        {
            var shape = Shape(phonemes[p].Ipa);
            var end = p + 1 < phonemes.Count ? (int)(phonemes[p + 1].Seconds * Rate) : count;
            for (var i = Math.Max(0, (int)(phonemes[p].Seconds * Rate)); i < Math.Min(end, count); i++)
            {
                (open[i], wide[i]) = shape;
            }
        }
        // Neighbouring sounds shape one another: 35 ms.
        (open, wide) = (Smooth(open, 0.035 * Rate), Smooth(wide, 0.035 * Rate));
        return ([.. Enumerable.Range(0, frames).Select(i => open[i * Rate / 25])], [.. Enumerable.Range(0, frames).Select(i => wide[i * Rate / 25])]);
    }

    /// <summary>Openness and width of a phoneme.</summary>
    internal static (double Open, double Wide) Shape(string ipa)
    {
        var sound = ipa.TrimStart('ˈ', 'ˌ', '_', ':', 'ː', '(', ')');
        return sound.Length == 0 ? (0.05, 0) : sound[0] switch
        {
            'a' or 'ɑ' or 'æ' => (1.0, 0.2),
            'ʌ' or 'ɐ' => (0.75, 0.1),
            'e' or 'ɛ' => (0.6, 0.5),
            'ə' or 'ɜ' or 'ɚ' => (0.45, 0),
            'i' or 'ɪ' or 'ᵻ' => (0.35, 1),
            'o' or 'ɔ' => (0.55, -0.7),
            'u' or 'ʊ' or 'w' => (0.35, -1),
            'b' or 'p' or 'm' => (0, 0),
            'f' or 'v' => (0.1, 0.1),
            _ => (0.25, 0.1),
        };
    }

    /// <summary>Convolution with a Gaussian of this deviation in samples; ends repeat.</summary>
    internal static double[] Smooth(double[] x, double deviation)
    {
        var reach = (int)Math.Ceiling(3 * deviation);
        var kernel = Enumerable.Range(-reach, 2 * reach + 1).Select(i => Math.Exp(-0.5 * i * i / (deviation * deviation))).ToArray();
        var total = kernel.Sum();
        return [.. Enumerable.Range(0, x.Length).Select(i =>
        {
            var sum = 0.0;
            for (var k = -reach; k <= reach; k++)
            {
                sum += kernel[k + reach] * x[Math.Clamp(i + k, 0, x.Length - 1)];
            }
            return sum / total;
        })];
    }
}
