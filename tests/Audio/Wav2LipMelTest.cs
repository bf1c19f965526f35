using Retort.Audio;
using Retort.Layers;
using Retort.Models;
using Retort.Torch;
using TorchSharp;
using static Retort.Tests.FormulaWeights;
using static TorchSharp.torch;

namespace Retort.Tests.Audio;

/// <summary>Wav2Lip's mel recipe, its windows and the encoder behind them, against references.</summary>
public sealed class Wav2LipMelTest
{
    [Fact]
    public void Spectrogram_Golden_MatchesBankValuesAndWindows()
    {
        using var file = SafeTensorsFile.Open(Golden("mel_rotation.safetensors"));
        using var scope = NewDisposeScope();
        Assert.InRange(Distance(file.Read("out.filterbank"), tensor(Wav2LipMel.FilterBank())), 0, 2e-7f);
        var wave = file.Read("in.wav").data<float>().ToArray();
        var mel = Wav2LipMel.Spectrogram(wave);
        Assert.InRange(Distance(file.Read("out.mel"), mel), 0, 1e-4f);
        var windows = Wav2LipMel.Windows(mel, Wav2LipMel.Frames(wave.Length)).select(1, 0);
        Assert.Equal(50, windows.shape[0]);
        Assert.InRange(Distance(file.Read("out.window0"), windows[0]), 0, 1e-4f);
        Assert.InRange(Distance(file.Read("out.window2"), windows[2]), 0, 1e-4f);
        Assert.InRange(Distance(file.Read("out.window_last"), windows[49]), 0, 1e-4f);
    }

    [Fact]
    public void Spectrogram_SilenceAndTooShort_IsTheFloorOrAnError()
    {
        using var scope = NewDisposeScope();
        Assert.Equal(-4, Wav2LipMel.Spectrogram(new float[700]).max().item<float>());
        Assert.Throws<ArgumentException>(() => Wav2LipMel.Spectrogram(new float[639]));
    }

    [Fact]
    public void AudioEncoder_Golden_MatchesBlocksAndFeatures()
    {
        using var file = SafeTensorsFile.Open(Golden("wav2lip_audio_encoder.safetensors"));
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var model = new Wav2LipAudioEncoder();
        SameKeys(Golden("keys_wav2lip_audio_encoder.tsv"), model);
        Fill(model);
        Put(file, model);
        model.eval();
        var windows = file.Read("in.mel_windows");
        var blocks = model.EachBlock(windows);
        foreach (var i in new[] { 0, 2, 5, 8, 10 })
        {
            var slice = blocks[i][TensorIndex.Slice(step: 7), TensorIndex.Slice(step: 8), TensorIndex.Slice(step: 4), TensorIndex.Slice(step: 2)];
            Assert.InRange(Distance(file.Read($"out.layer{i}_slice"), slice), 0, 1e-4f);
        }
        Assert.InRange(Distance(file.Read("out.features"), model.call(windows)), 0, 1e-4f);
        var wave = file.Read("in.wav").data<float>().ToArray();
        Assert.InRange(Distance(windows, Wav2LipMel.Windows(Wav2LipMel.Spectrogram(wave), 50)), 0, 1e-4f);
        Assert.Equal(2_812_672, model.parameters().Sum(p => p.numel()));
    }

    [Fact]
    public void KeypointTransform_Golden_MatchesRotationKeypointsAndAngles()
    {
        using var file = SafeTensorsFile.Open(Golden("mel_rotation.safetensors"));
        using var scope = NewDisposeScope();
        var angles = file.Read("in.pitch_yaw_roll");
        var rotation = KeypointTransform.Rotation(angles.select(1, 0), angles.select(1, 1), angles.select(1, 2));
        Assert.InRange(Distance(file.Read("out.rotation"), rotation), 0, 1e-6f);
        Tensor kp = file.Read("in.kp").view(10, 21, 3), exp = file.Read("in.exp"), t = file.Read("in.t"), scale = file.Read("in.scale");
        Assert.InRange(Distance(file.Read("out.source_keypoints"), KeypointTransform.Apply(kp, rotation, exp.view(10, 21, 3), scale.view(-1), t)), 0, 1e-5f);
        var motion = cat([scale, angles.select(1, 1).unsqueeze(1), angles.select(1, 0).unsqueeze(1), angles.select(1, 2).unsqueeze(1), t, exp], 1);
        Assert.InRange(Distance(file.Read("out.driving_keypoints"), KeypointTransform.OfMotion(kp, motion)), 0, 1e-5f);
        Assert.InRange(Distance(file.Read("out.bin_degrees"), KeypointTransform.Degrees(file.Read("in.bins"))), 0, 1e-4f);
    }
}
