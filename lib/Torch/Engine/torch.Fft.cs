namespace TorchSharp;

public static partial class torch
{
    /// <summary>Discrete Fourier transforms; differentiable.</summary>
    public static class fft
    {
        private static readonly long[] Last = [-2, -1];

        public static Tensor fft2(Tensor input, long[]? s = null, long[]? dim = null, FFTNormType norm = FFTNormType.Backward) => Aten.fft_fft2.Call(input, s, dim ?? Last, Norm(norm));
        public static Tensor fft_(Tensor input, long n = -1, long dim = -1, FFTNormType norm = FFTNormType.Backward) => Aten.fft_fft.Call(input, Length(n), dim, Norm(norm));
        public static Tensor fftfreq(long n, double d = 1, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => Named(Aten.fft_fftfreq.Call(n, d, Type(dtype), Arg.None, Place(device)), requires_grad, null);
        public static Tensor fftn(Tensor input, long[]? s = null, long[]? dim = null, FFTNormType norm = FFTNormType.Backward) => Aten.fft_fftn.Call(input, s, dim, Norm(norm));
        public static Tensor fftshift(Tensor input, long[]? dim = null) => Aten.fft_fftshift.Call(input, dim);
        public static Tensor hfft(Tensor input, long n = -1, long dim = -1, FFTNormType norm = FFTNormType.Backward) => Aten.fft_hfft.Call(input, Length(n), dim, Norm(norm));
        public static Tensor hfft2(Tensor input, long[]? s = null, long[]? dim = null, FFTNormType norm = FFTNormType.Backward) => Aten.fft_hfft2.Call(input, s, dim ?? Last, Norm(norm));
        public static Tensor hfftn(Tensor input, long[]? s = null, long[]? dim = null, FFTNormType norm = FFTNormType.Backward) => Aten.fft_hfftn.Call(input, s, dim, Norm(norm));
        public static Tensor ifft(Tensor input, long n = -1, long dim = -1, FFTNormType norm = FFTNormType.Backward) => Aten.fft_ifft.Call(input, Length(n), dim, Norm(norm));
        public static Tensor ifft2(Tensor input, long[]? s = null, long[]? dim = null, FFTNormType norm = FFTNormType.Backward) => Aten.fft_ifft2.Call(input, s, dim ?? Last, Norm(norm));
        public static Tensor ifftn(Tensor input, long[]? s = null, long[]? dim = null, FFTNormType norm = FFTNormType.Backward) => Aten.fft_ifftn.Call(input, s, dim, Norm(norm));
        public static Tensor ifftshift(Tensor input, long[]? dim = null) => Aten.fft_ifftshift.Call(input, dim);
        public static Tensor ihfft(Tensor input, long n = -1, long dim = -1, FFTNormType norm = FFTNormType.Backward) => Aten.fft_ihfft.Call(input, Length(n), dim, Norm(norm));
        public static Tensor ihfft2(Tensor input, long[]? s = null, long[]? dim = null, FFTNormType norm = FFTNormType.Backward) => Aten.fft_ihfft2.Call(input, s, dim ?? Last, Norm(norm));
        public static Tensor ihfftn(Tensor input, long[]? s = null, long[]? dim = null, FFTNormType norm = FFTNormType.Backward) => Aten.fft_ihfftn.Call(input, s, dim, Norm(norm));
        public static Tensor irfft(Tensor input, long n = -1, long dim = -1, FFTNormType norm = FFTNormType.Backward) => Aten.fft_irfft.Call(input, Length(n), dim, Norm(norm));
        public static Tensor irfft2(Tensor input, long[]? s = null, long[]? dim = null, FFTNormType norm = FFTNormType.Backward) => Aten.fft_irfft2.Call(input, s, dim ?? Last, Norm(norm));
        public static Tensor irfftn(Tensor input, long[]? s = null, long[]? dim = null, FFTNormType norm = FFTNormType.Backward) => Aten.fft_irfftn.Call(input, s, dim, Norm(norm));
        public static Tensor rfft(Tensor input, long n = -1, long dim = -1, FFTNormType norm = FFTNormType.Backward) => Aten.fft_rfft.Call(input, Length(n), dim, Norm(norm));
        public static Tensor rfft2(Tensor input, long[]? s = null, long[]? dim = null, FFTNormType norm = FFTNormType.Backward) => Aten.fft_rfft2.Call(input, s, dim ?? Last, Norm(norm));
        public static Tensor rfftfreq(long n, double d = 1, ScalarType? dtype = null, Device? device = null, bool requires_grad = false) => Named(Aten.fft_rfftfreq.Call(n, d, Type(dtype), Arg.None, Place(device)), requires_grad, null);
        public static Tensor rfftn(Tensor input, long[]? s = null, long[]? dim = null, FFTNormType norm = FFTNormType.Backward) => Aten.fft_rfftn.Call(input, s, dim, Norm(norm));

        private static long? Length(long n) => n < 0 ? null : n;

        private static string Norm(FFTNormType norm) => norm.ToString().ToLowerInvariant();
    }
}

internal static partial class Aten
{
    internal static readonly Op fft_fft = new("aten::fft_fft");
    internal static readonly Op fft_fft2 = new("aten::fft_fft2");
    internal static readonly Op fft_fftfreq = new("aten::fft_fftfreq");
    internal static readonly Op fft_fftn = new("aten::fft_fftn");
    internal static readonly Op fft_fftshift = new("aten::fft_fftshift");
    internal static readonly Op fft_hfft = new("aten::fft_hfft");
    internal static readonly Op fft_hfft2 = new("aten::fft_hfft2");
    internal static readonly Op fft_hfftn = new("aten::fft_hfftn");
    internal static readonly Op fft_ifft = new("aten::fft_ifft");
    internal static readonly Op fft_ifft2 = new("aten::fft_ifft2");
    internal static readonly Op fft_ifftn = new("aten::fft_ifftn");
    internal static readonly Op fft_ifftshift = new("aten::fft_ifftshift");
    internal static readonly Op fft_ihfft = new("aten::fft_ihfft");
    internal static readonly Op fft_ihfft2 = new("aten::fft_ihfft2");
    internal static readonly Op fft_ihfftn = new("aten::fft_ihfftn");
    internal static readonly Op fft_irfft = new("aten::fft_irfft");
    internal static readonly Op fft_irfft2 = new("aten::fft_irfft2");
    internal static readonly Op fft_irfftn = new("aten::fft_irfftn");
    internal static readonly Op fft_rfft = new("aten::fft_rfft");
    internal static readonly Op fft_rfft2 = new("aten::fft_rfft2");
    internal static readonly Op fft_rfftfreq = new("aten::fft_rfftfreq");
    internal static readonly Op fft_rfftn = new("aten::fft_rfftn");
}
