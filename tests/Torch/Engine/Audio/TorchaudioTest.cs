using System.Text.Json;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torchaudio;

namespace Retort.Tests.Torch.Engine.Audio;

/// <summary>torchaudio's functions and transforms: against torchaudio's own numbers where there are some, else against their formulas written out.</summary>
public sealed class TorchaudioTest
{
    private static Tensor Tone(int samples = 16000) =>
        tensor(Enumerable.Range(0, samples).Select(n => (float)(0.5 * Math.Sin(2 * Math.PI * 440 * n / 16000))).ToArray()).unsqueeze(0);

    private static float Apart(Tensor a, Tensor b) => (a - b).abs().max().item<float>();

    // Measured with the published front-end on torchaudio 0.13.1 (the numbers of MelFrontEndTest).
    [Theory]
    [InlineData(50, new[] { -40.937f, -15.3143f, 21.9952f, 34.1401f, 34.9267f, -51.2671f, -85.0733f, -85.0733f })]
    [InlineData(0, new[] { 17.2713f, 23.6641f, 30.4478f, 31.8517f, 30.955f, 8.8044f, -9.1311f, -17.0689f })]
    public void MelSpectrogram_OfATone_IsTorchaudios(int frame, float[] expected)
    {
        using var scope = NewDisposeScope();
        var mel = transforms.MelSpectrogram(16000, n_fft: 512, hop_length: 160, n_mels: 64).call(Tone());
        var decibels = functional.amplitude_to_DB(mel, 10, 1e-10, 0, top_db: 120);
        Assert.Equal([1, 64, 101], decibels.shape);
        var bins = new[] { 5, 9, 10, 11, 12, 20, 40, 63 };
        Assert.All(Enumerable.Range(0, bins.Length), i => Assert.Equal(expected[i], decibels[0, bins[i], frame].item<float>(), 3e-3f));
        Assert.Equal(34.9267f, decibels.max().item<float>(), 1e-3f);
        Assert.Equal(-85.0733f, decibels.min().item<float>(), 1e-3f);
        Assert.Equal(-59.8538f, decibels.mean().item<float>(), 0.02f);
    }

    [Theory]
    [InlineData(MelNorm.none, torchaudio.MelScale.htk)]
    [InlineData(MelNorm.slaney, torchaudio.MelScale.slaney)]
    public void MelBands_AreTheFrontEnds_WhoseWeightsArePublished(MelNorm norm, torchaudio.MelScale scale)
    {
        using var scope = NewDisposeScope();
        var settings = new Retort.Audio.MelSettings { Scale = scale == torchaudio.MelScale.htk ? Retort.Audio.MelScale.Htk : Retort.Audio.MelScale.Slaney };
        var expected = tensor(Retort.Audio.MelFrontEnd.FilterBank(settings).Cast<float>().ToArray(), [257, 64]);
        Assert.True(Apart(expected, functional.melscale_fbanks(257, 0, 8000, 64, 16000, norm, scale)) < 1e-6);
        var plain = functional.melscale_fbanks(257, 0, 8000, 64, 16000, MelNorm.none, scale);
        // A triangle's peak is 1 on its corner, wherever the bins lie.
        Assert.InRange(plain.max().item<float>(), 0.9f, 1f);
    }

    [Fact]
    public void LinearBands_OfAsManyFiltersAsInnerBins_AreTheBins()
    {
        using var scope = NewDisposeScope();
        var bank = functional.linear_fbanks(11, 0, 1000, 9, 2000);
        Assert.True(Apart(eye(9), bank.narrow(0, 1, 9)) < 1e-6);
        Assert.Equal(0, bank[0].abs().sum().item<float>() + bank[10].abs().sum().item<float>(), 1e-6f);
    }

    // torchaudio's numbers, printed by environment/reference/resample.py.
    [Fact]
    public void Resample_OfAChirp_IsTorchaudios()
    {
        using var golden = JsonDocument.Parse(File.ReadAllText(Golden.File("Audio", "resample.json")));
        foreach (var item in golden.RootElement.GetProperty("cases").EnumerateArray())
        {
            using var scope = NewDisposeScope();
            int Of(string name) => item.GetProperty(name).GetInt32();
            var wave = tensor(Enumerable.Range(0, Of("length")).Select(i => 0.5 * Math.Sin(0.01 * i + 0.00005 * i * (double)i) + 0.25 * Math.Cos(0.7 * i)).ToArray());
            double[] expected = [.. item.GetProperty("y").EnumerateArray().Select(v => v.GetDouble())];
            var made = functional.resample(wave, Of("from"), Of("to"));
            Assert.Equal([expected.Length], made.shape);
            Assert.True((tensor(expected) - made).abs().max().item<double>() < 2e-9, $"{Of("from")} to {Of("to")}");
            if (Of("to") == 15999)
            {
                continue;  // the module keeps torchaudio's filters, a gigabyte of them
            }
            var module = transforms.Resample(Of("from"), Of("to"));
            Assert.Equal(["kernel"], module.state_dict().Keys);
            var both = module.call(wave.to(float32).repeat(2, 1));
            Assert.True(Apart(made.to(float32), both[1]) < 1e-6);
        }
    }

    [Fact]
    public void Resample_ByAKaiserWindow_KeepsATone_AndWrongInputIsRefused()
    {
        using var scope = NewDisposeScope();
        var half = functional.resample(Tone(), 16000, 8000, 16, 0.9, ResamplingMethod.kaiser_window);
        // The tone at the lower rate, away from the ends.
        Assert.True(Apart(Tone()[0].view(-1, 2).select(1, 0)[100..7900], half[0, 100..7900]) < 1e-3);
        Assert.Equal(Tone(), functional.resample(Tone(), 100, 100));
        Assert.Throws<ArgumentOutOfRangeException>(() => functional.resample(Tone(), 0, 100));
        Assert.Throws<ArgumentException>(() => functional.resample(arange(10), 2, 1));
    }

    [Fact]
    public void Resample_BetweenRatesWithoutACommonDivisor_TakesLittleMemoryAndLetsGradientsThrough()
    {
        using var scope = NewDisposeScope();
        var wave = Tone(40_000).repeat(2, 1).requires_grad_();
        var made = functional.resample(wave, 16001, 16000);
        Assert.Equal([2, 39_998], made.shape);
        // A tone of 440 Hz at 16,000 a second is one of 440 (16001 / 16000) Hz at 16,001.
        var expected = tensor(Enumerable.Range(0, 39_998).Select(n => (float)(0.5 * Math.Sin(2 * Math.PI * 440 * n / 16000.0 * 16001 / 16000))).ToArray());
        Assert.True(Apart(expected[20..39_900], made[1, 20..39_900]) < 1e-3);
        made.sum().backward();
        Assert.Equal(1, wave.grad![0, 20_000].item<float>(), 0.01);
    }

    [Fact]
    public void Spectrogram_IsTheDiscreteFourierTransformOfWindowedFrames()
    {
        using var scope = NewDisposeScope();
        using var random = manual_seed(2);
        var wave = randn(2, 3, 50, dtype: float64);
        var window = hann_window(8, dtype: float64);
        var made = functional.spectrogram(wave, 0, window, 16, 5, 8, null, normalized: true, center: false);
        Assert.Equal([2, 3, 9, 7], made.shape);
        var (samples, norm) = (wave[1, 2].data<double>().ToArray(), Math.Sqrt(window.square().sum().item<double>()));
        foreach (var (bin, frame) in new[] { (0, 0), (3, 2), (8, 6) })
        {
            System.Numerics.Complex sum = 0;
            for (var n = 0; n < 8; n++)
            {
                // The window stands in the middle of the transform.
                sum += window[n].item<double>() * samples[frame * 5 + 4 + n] * System.Numerics.Complex.Exp(new(0, -2 * Math.PI * bin * (n + 4) / 16));
            }
            var value = made[1, 2, bin, frame].view_as_real().data<double>().ToArray();
            Assert.Equal(sum.Real / norm, value[0], 1e-9);
            Assert.Equal(sum.Imaginary / norm, value[1], 1e-9);
        }
        Assert.True((made.abs().square() - functional.spectrogram(wave, 0, window, 16, 5, 8, 2, normalized: true, center: false)).abs().max().item<double>() < 1e-12);
        // Zeros before and behind are two more frames a side.
        Assert.Equal([2, 3, 9, 11], functional.spectrogram(wave, 10, window, 16, 5, 8, 1, normalized: false, center: false).shape);
    }

    [Theory]
    [InlineData(false, 0)]
    [InlineData(true, 20)]
    public void InverseSpectrogram_OfASpectrum_IsItsWave(bool normalized, long pad)
    {
        using var scope = NewDisposeScope();
        using var random = manual_seed(3);
        var wave = randn(2, 2, 400);
        var spectrum = transforms.Spectrogram(64, pad: pad, power: null, normalized: normalized).call(wave);
        var back = transforms.InverseSpectrogram(64, pad: pad, normalized: normalized).call(spectrum, 400);
        Assert.Equal(wave.shape, back.shape);
        Assert.True(Apart(wave, back) < 1e-5);
        Assert.Throws<ArgumentException>(() => transforms.InverseSpectrogram(64).call(wave));
    }

    [Fact]
    public void GriffinLim_OfAToneSpectrogram_MakesAWaveOfThatSpectrogram()
    {
        using var scope = NewDisposeScope();
        using var random = manual_seed(4);
        var magnitude = transforms.Spectrogram(256).call(Tone(4000).repeat(2, 1));
        double Off(double momentum, int steps)
        {
            var made = transforms.GriffinLim(256, steps, momentum: momentum, length: 4000).call(magnitude);
            Assert.Equal([2, 4000], made.shape);
            return ((transforms.Spectrogram(256).call(made).sqrt() - magnitude.sqrt()).norm() / magnitude.sqrt().norm()).item<float>();
        }
        Assert.True(Off(0.99, 60) < 0.1);
        Assert.True(Off(0.99, 60) < 0.5 * Off(0, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => transforms.GriffinLim(momentum: 1));
    }

    [Fact]
    public void InverseMelScale_OfMelBands_HasThoseBands()
    {
        using var scope = NewDisposeScope();
        using var random = manual_seed(5);
        var spectrogram = rand(2, 65, 7);
        var bands = transforms.MelScale(20, 16000, n_stft: 65).call(spectrogram);
        Assert.Equal([2, 20, 7], bands.shape);
        using var none = no_grad();
        var back = transforms.InverseMelScale(65, 20, max_iter: 2000).call(bands);
        Assert.Equal([2, 65, 7], back.shape);
        Assert.True(back.min().item<float>() >= 0 && !back.requires_grad);
        Assert.True(Apart(bands, transforms.MelScale(20, 16000, n_stft: 65).call(back)) < 0.05);
        Assert.Throws<ArgumentException>(() => transforms.InverseMelScale(65, 21).call(bands));
        Assert.Throws<ArgumentOutOfRangeException>(() => transforms.MelScale(f_min: 9000));
    }

    [Fact]
    public void Decibels_HaveAFloorOfEachSound_AndGoBack()
    {
        using var scope = NewDisposeScope();
        var power = tensor(new[] { 1f, 1e-3f, 1e-12f, 100f }, [2, 1, 1, 2]);
        var all = functional.amplitude_to_DB(power, 10, 1e-10, 0.5);
        Assert.True(Apart(tensor(new[] { -5f, -35f, -105f, 15f }, [2, 1, 1, 2]), all) < 1e-4);
        var floored = functional.amplitude_to_DB(power, 10, 1e-10, 0.5, top_db: 20);
        Assert.True(Apart(tensor(new[] { -5f, -25f, -5f, 15f }, [2, 1, 1, 2]), floored) < 1e-4);
        Assert.True(Apart(tensor(3f * new[] { 0.1f, 10f }[1]), functional.DB_to_amplitude(tensor(10f), 3, 1)) < 1e-4);
        Assert.Equal(20f, functional.DB_to_amplitude(tensor(20f), 2, 0.5).item<float>(), 1e-4f);
        Assert.Equal([3], functional.amplitude_to_DB(ones(3), 10, 1e-10, 0, 80).shape);
    }

    [Fact]
    public void CosineTransform_Orthonormal_HasOrthonormalColumns_AndPlainOnesAreTwiceTheCosine()
    {
        using var scope = NewDisposeScope();
        var dct = functional.create_dct(8, 8, DCTNorm.ortho);
        Assert.True(Apart(eye(8), dct.t().mm(dct)) < 1e-6);
        Assert.Equal(2 * Math.Cos(Math.PI / 5 * (3 + 0.5) * 2), functional.create_dct(3, 5, DCTNorm.none)[3, 2].item<float>(), 1e-6);
    }

    [Fact]
    public void MuLaw_ThereAndBack_IsTheWaveWithinAStep()
    {
        using var scope = NewDisposeScope();
        var wave = arange(-100, 101, dtype: float32) / 100;
        var coded = functional.mu_law_encoding(wave, 256);
        Assert.Equal((ScalarType.Int64, 0L, 255L, 128L), (coded.dtype, coded[0].item<long>(), coded[200].item<long>(), coded[100].item<long>()));
        // log(1 + 255 / 2) / log(256) = 0.8757 of the way from the middle to the end.
        Assert.Equal(239, coded[150].item<long>());
        var back = functional.mu_law_decoding(coded, 256);
        Assert.True(((back - wave).abs() <= 0.03 * wave.abs() + 2e-4).all().item<bool>());
    }

    [Fact]
    public void Transforms_OnAnotherType_TakeTheirBuffersAlong_AndLetGradientsThrough()
    {
        using var scope = NewDisposeScope();
        var mel = transforms.MelSpectrogram(n_fft: 128, n_mels: 10);
        Assert.Equal(["spectrogram.window", "mel_scale.fb"], mel.state_dict().Keys);
        Assert.Equal((64L, 10L, 8000.0), (mel.hop_length, mel.mel_scale.n_mels, mel.mel_scale.f_max));
        var wave = Tone(500).to(float64).requires_grad_();
        mel.to(float64);
        var bands = mel.call(wave);
        Assert.Equal(ScalarType.Float64, bands.dtype);
        bands.sum().backward();
        Assert.True(wave.grad!.abs().max().item<double>() > 0);
        var box = transforms.Spectrogram(64, window_fn: n => ones(n));
        Assert.Equal(64, box.state_dict()["window"].sum().item<float>());
    }

    private sealed class Silence : backend.AudioBackend
    {
        public override AudioMetaData info(string filepath, AudioFormat? format = null) => new() { sample_rate = 8000, num_channels = 1 };

        public override (Tensor, int) load(string filepath, long frame_offset = 0, long num_frames = -1, bool normalize = true, bool channels_first = true, AudioFormat? format = null) => (zeros(1, num_frames), 8000);

        public override void save(string filepath, Tensor src, int sample_rate, bool channels_first = true, float? compression = null, AudioFormat? format = null, AudioEncoding? encoding = null, int? bits_per_sample = null) => throw new NotSupportedException(filepath);
    }

    [Fact]
    public void Files_WithoutABackend_AreAnErrorThatSaysSo_AndWithOneGoToIt()
    {
        using var scope = NewDisposeScope();
        Assert.Contains("set_audio_backend", Assert.Throws<InvalidOperationException>(() => torchaudio.load("a.wav")).Message);
        Assert.Throws<InvalidOperationException>(() => info("a.wav"));
        var none = backend.utils.get_audio_backend();
        try
        {
            backend.utils.set_audio_backend(new Silence());
            var (wave, rate) = torchaudio.load("a.wav", num_frames: 5);
            Assert.Equal([1, 5], wave.shape);
            Assert.Equal((8000, 8000), (rate, info("a.wav").sample_rate));
            Assert.Equal("b.wav", Assert.Throws<NotSupportedException>(() => torchaudio.save("b.wav", zeros(1, 2), 8000)).Message);
        }
        finally
        {
            backend.utils.set_audio_backend(none);
        }
    }
}
