using static TorchSharp.torch;

namespace Retort.Layers;

/// <summary>
/// The head's motion applied to implicit 3D keypoints, as LivePortrait (Guo et al., 2024) and KDTalker do. Axes: x right, y down,
/// z into the picture. Everything is float32 and batched; angles are degrees.
/// </summary>
public static class KeypointTransform
{
    /// <summary>R = (Rz Ry Rx)^T with x = pitch, y = yaw, z = roll, to be applied to row vectors.</summary>
    /// <param name="pitch">(B), degrees</param>
    /// <param name="yaw">(B), degrees</param>
    /// <param name="roll">(B), degrees</param>
    /// <returns>(B, 3, 3)</returns>
    public static Tensor Rotation(Tensor pitch, Tensor yaw, Tensor roll)
    {
        using var scope = NewDisposeScope();
        var radians = stack([pitch, yaw, roll], 1) * (Math.PI / 180);
        Tensor cos = radians.cos(), sin = radians.sin();
        Tensor cx = cos.select(1, 0), cy = cos.select(1, 1), cz = cos.select(1, 2);
        Tensor sx = sin.select(1, 0), sy = sin.select(1, 1), sz = sin.select(1, 2);
        Tensor one = ones_like(cx), nought = zeros_like(cx);
        var aboutX = Matrix(one, nought, nought, nought, cx, -sx, nought, sx, cx);
        var aboutY = Matrix(cy, nought, sy, nought, one, nought, -sy, nought, cy);
        var aboutZ = Matrix(cz, -sz, nought, sz, cz, nought, nought, nought, one);
        return matmul(matmul(aboutZ, aboutY), aboutX).transpose(1, 2).contiguous().MoveToOuterDisposeScope();
    }

    /// <summary>
    /// Keypoints in the picture, x = s (x_c R + exp) + t, where t moves x and y only.
    /// </summary>
    /// <param name="canonical">(B, K, 3)</param>
    /// <param name="rotation">(B, 3, 3)</param>
    /// <param name="expression">(B, K, 3)</param>
    /// <param name="scale">(B)</param>
    /// <param name="translation">(B, 3)</param>
    /// <returns>(B, K, 3)</returns>
    public static Tensor Apply(Tensor canonical, Tensor rotation, Tensor expression, Tensor scale, Tensor translation)
    {
        using var scope = NewDisposeScope();
        var flat = cat([translation.narrow(1, 0, 2), zeros_like(translation.narrow(1, 0, 1))], 1);
        return (scale.view(-1, 1, 1) * (matmul(canonical, rotation) + expression) + flat.unsqueeze(1)).MoveToOuterDisposeScope();
    }

    /// <summary>Keypoints (B, K, 3) that frames of motion put a face's canonical keypoints to.</summary>
    /// <param name="canonical">(B, K, 3), or (1, K, 3) for all frames</param>
    /// <param name="motion">(B, 7 + 3 K): scale, yaw, pitch, roll, translation, expression</param>
    public static Tensor OfMotion(Tensor canonical, Tensor motion)
    {
        using var scope = NewDisposeScope();
        var rotation = Rotation(motion.select(1, 2), motion.select(1, 1), motion.select(1, 3));
        var expression = motion.narrow(1, 7, motion.shape[1] - 7).view(motion.shape[0], -1, 3);
        return Apply(canonical, rotation, expression, motion.select(1, 0), motion.narrow(1, 4, 3)).MoveToOuterDisposeScope();
    }

    /// <summary>Degrees (B) of angles given as logits (B, 66): three times the expected bin, less 97.5.</summary>
    public static Tensor Degrees(Tensor logits)
    {
        using var scope = NewDisposeScope();
        var bins = arange(logits.shape[1], dtype: float32, device: logits.device);
        return ((logits.softmax(1) * bins).sum(1) * 3 - 97.5).MoveToOuterDisposeScope();
    }

    private static Tensor Matrix(params Tensor[] entries) => stack(entries, 1).view(-1, 3, 3);
}
