using Retort.Data;
using Retort.Layers;
using static TorchSharp.torch;

namespace Retort.Papers.Talker;

/// <summary>
/// Draws a face from its keypoints: eyes, brows and mouth stand where the keypoints are put by the motion; head, hair and nose turn with it.
/// In place of LivePortrait's renderer, which needs published weights and seconds a frame on two cores.
/// </summary>
public sealed class FacePainter
{
    private readonly int side;
    private readonly float[] canonical;
    private readonly (byte R, byte G, byte B) skin, hair, shirt;
    private byte[] pixels = [];

    /// <param name="canonical">63 numbers: the keypoints at rest</param>
    /// <param name="look">chooses the colours of skin, hair and shirt</param>
    /// <param name="side">pixels of a side, even</param>
    public FacePainter(float[] canonical, int look = 0, int side = 128)
    {
        (this.canonical, this.side) = (canonical, side);
        (byte, byte, byte)[] skins = [(244, 208, 177), (224, 172, 105), (141, 85, 36), (198, 134, 66), (255, 219, 190)];
        (byte, byte, byte)[] hairs = [(60, 40, 25), (20, 18, 18), (150, 90, 40), (190, 160, 110), (90, 90, 95)];
        (byte, byte, byte)[] shirts = [(70, 110, 160), (150, 70, 80), (70, 130, 90), (110, 90, 150)];
        (skin, hair, shirt) = (skins[look % skins.Length], hairs[(look * 3 + 1) % hairs.Length], shirts[look % shirts.Length]);
    }

    /// <summary>A picture of each frame.</summary>
    /// <param name="motion">70 numbers a frame, frame by frame, in degrees and keypoint units</param>
    public IReadOnlyList<Picture> Draw(ReadOnlySpan<float> motion)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var frames = motion.Length / FaceClip.Width;
        var all = tensor(motion.ToArray(), [frames, FaceClip.Width]);
        // Points of the head that no expression moves: crown, middle, nose, ears, chin, neck.
        float[] head = [0, -0.52f, 0.2f, 0, -0.06f, 0.12f, 0.02f, 0.05f, -0.34f, -0.36f, -0.06f, 0.24f, 0.36f, -0.06f, 0.24f, 0.02f, 0.42f, -0.05f, 0, 0.55f, 0.35f];
        var still = all.clone();
        still.narrow(1, 7, 63).zero_();
        var points = KeypointTransform.OfMotion(tensor(canonical).view(1, 21, 3), all);
        var solid = KeypointTransform.OfMotion(tensor(head).view(1, 7, 3), still.narrow(1, 0, 7 + 21));
        var (p, h) = (points.contiguous().data<float>().ToArray(), solid.contiguous().data<float>().ToArray());
        var pictures = new List<Picture>();
        for (var i = 0; i < frames; i++)
        {
            pixels = new byte[3 * side * side];
            Paint(p.AsSpan(63 * i, 63), h.AsSpan(21 * i, 21), motion[i * FaceClip.Width], motion[i * FaceClip.Width + 3]);
            pictures.Add(new Picture(side, side, pixels));
        }
        return pictures;
    }

    private void Paint(ReadOnlySpan<float> p, ReadOnlySpan<float> h, float scale, float rollDegrees)
    {
        for (var i = 0; i < side * side; i++)
        {
            var light = (byte)(232 - 40 * (i / side) / side);
            (pixels[3 * i], pixels[3 * i + 1], pixels[3 * i + 2]) = ((byte)(light - 14), (byte)(light - 6), light);
        }
        var roll = rollDegrees * MathF.PI / 180;
        (float X, float Y) K(ReadOnlySpan<float> of, int k) => (of[3 * k], of[3 * k + 1]);
        (float X, float Y) crown = K(h, 0), middle = K(h, 1), nose = K(h, 2), left = K(h, 3), right = K(h, 4), chin = K(h, 5), neck = K(h, 6);
        Ellipse(0, 1.12f, 0.95f, 0.42f, 0, shirt);
        Ellipse((neck.X + chin.X) / 2, 0.75f, 0.2f, 0.3f, 0, Darker(skin, 0.86));
        (float X, float Y) centre = ((crown.X + chin.X) / 2, (crown.Y + chin.Y) / 2);
        var tall = MathF.Sqrt((crown.X - chin.X) * (crown.X - chin.X) + (crown.Y - chin.Y) * (crown.Y - chin.Y)) / 2;
        Ellipse(middle.X, centre.Y - 0.1f, 0.84f * tall, 1.06f * tall, roll, hair);
        Ellipse(left.X, left.Y, 0.07f, 0.12f, roll, Darker(skin, 0.9));
        Ellipse(right.X, right.Y, 0.07f, 0.12f, roll, Darker(skin, 0.9));
        Ellipse(0.6f * middle.X + 0.4f * nose.X, centre.Y + 0.07f, 0.74f * tall, 0.93f * tall, roll, skin);
        Eye(p, 11, 12, 13, 1, scale, roll);
        Eye(p, 14, 15, 16, 2, scale, roll);
        Ellipse(nose.X, nose.Y - 0.03f, 0.045f, 0.1f, roll, Darker(skin, 0.93));
        Ellipse(nose.X, nose.Y + 0.05f, 0.075f, 0.04f, roll, Darker(skin, 0.87));
        Mouth(p, scale, roll);
    }

    private void Eye(ReadOnlySpan<float> p, int upper, int middle, int lower, int brow, float scale, float roll)
    {
        float x = p[3 * middle], y = p[3 * middle + 1];
        // Open at rest; a whole blink brings the lids 0.023 nearer.
        var nearer = Gap(canonical, upper, lower) - Gap(p, upper, lower) / scale;
        var open = Math.Clamp(1 - nearer / 0.023f, 0.05f, 1.2f);
        Ellipse(x, y, 0.125f, 0.075f * open + 0.012f, roll, Darker(skin, 0.75));
        Ellipse(x, y, 0.115f, 0.065f * open, roll, (250, 250, 250));
        if (open > 0.25f)
        {
            Ellipse(x, y, 0.05f, Math.Min(0.05f, 0.062f * open), roll, (70, 60, 50));
            Ellipse(x, y, 0.022f, Math.Min(0.022f, 0.05f * open), roll, (10, 10, 10));
        }
        Ellipse(x, 0.55f * y + 0.45f * p[3 * brow + 1], 0.14f, 0.022f, roll, Darker(hair, 0.9));
    }

    private void Mouth(ReadOnlySpan<float> p, float scale, float roll)
    {
        float x = (p[3 * 17] + p[3 * 18]) / 2, y = (p[3 * 19 + 1] + p[3 * 20 + 1]) / 2;
        var half = 1.15f * Math.Abs(p[3 * 18] - p[3 * 17]) / 2 + 0.06f;
        var open = Math.Max(0, Gap(p, 20, 19) - Gap(canonical, 20, 19) * scale);
        Ellipse(x, y, half, 0.035f + 0.62f * open, roll, (190, 80, 85));
        if (open > 0.012f)
        {
            Ellipse(x, y, 0.82f * half, 0.55f * open, roll, (70, 15, 20));
            Ellipse(x, y - 0.28f * open, 0.6f * half, 0.2f * open, roll, (245, 240, 235));
        }
        else
        {
            Ellipse(x, y, 0.85f * half, 0.006f, roll, (120, 40, 45));
        }
    }

    private static float Gap(ReadOnlySpan<float> p, int upper, int lower) => p[3 * lower + 1] - p[3 * upper + 1];

    private static (byte, byte, byte) Darker((byte R, byte G, byte B) c, double by) => ((byte)(c.R * by), (byte)(c.G * by), (byte)(c.B * by));

    /// <summary>A filled ellipse with smooth borders; places and radii in keypoint units, -1 to 1 over the picture.</summary>
    private void Ellipse(float cx, float cy, float rx, float ry, float angle, (byte R, byte G, byte B) colour)
    {
        float half = side / 2f, x0 = (cx + 1) * half, y0 = (cy + 1) * half, a = Math.Max(0.3f, rx * half), b = Math.Max(0.3f, ry * half), reach = Math.Max(a, b) + 2;
        float cos = MathF.Cos(angle), sin = MathF.Sin(angle);
        for (var y = Math.Max(0, (int)(y0 - reach)); y < Math.Min(side, y0 + reach); y++)
        {
            for (var x = Math.Max(0, (int)(x0 - reach)); x < Math.Min(side, x0 + reach); x++)
            {
                float dx = x + 0.5f - x0, dy = y + 0.5f - y0, u = (dx * cos + dy * sin) / a, v = (dy * cos - dx * sin) / b;
                var far = MathF.Sqrt(u * u + v * v);
                var cover = Math.Clamp(0.5f + (1 - far) * Math.Min(a, b), 0, 1);
                if (cover <= 0)
                {
                    continue;
                }
                var at = 3 * (y * side + x);
                pixels[at] = (byte)(pixels[at] + cover * (colour.R - pixels[at]));
                pixels[at + 1] = (byte)(pixels[at + 1] + cover * (colour.G - pixels[at + 1]));
                pixels[at + 2] = (byte)(pixels[at + 2] + cover * (colour.B - pixels[at + 2]));
            }
        }
    }
}
