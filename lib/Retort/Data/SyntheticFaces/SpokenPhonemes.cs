// Speech with the time of each phoneme, by libespeak-ng: its program writes no times for voices without MBROLA. The library keeps
// one voice at a time and is not made for several threads: all calls are one after another.

using System.Runtime.InteropServices;
using System.Text;
using Retort.Audio;

namespace Retort.Data;

/// <summary>A phoneme and when it begins.</summary>
/// <param name="Seconds">from the beginning of the sound</param>
/// <param name="Ipa">its name in the International Phonetic Alphabet; empty for a pause</param>
public sealed record TimedPhoneme(double Seconds, string Ipa);

/// <summary>Speech of libespeak-ng with its phonemes' times.</summary>
public static unsafe class SpokenPhonemes
{
    private const int Synchronous = 2, PhonemeEvents = 1, InIpa = 2, StayOnError = 0x8000, Utf8 = 1, Characters = 1, RateParameter = 1, PitchParameter = 3, PhonemeEvent = 7;
    private static readonly object gate = new();
    private static readonly List<short> samples = [];
    private static readonly List<(int Sample, string Ipa)> phonemes = [];
    private static int sampleRate;

    /// <summary>Words as sound at 16 kHz, and their phonemes.</summary>
    /// <param name="words">what is said</param>
    /// <param name="voice">espeak-ng's name of a voice, such as "en-us+m3"</param>
    /// <param name="speed">words a minute, 80 to 450</param>
    /// <param name="pitch">0 to 99</param>
    /// <exception cref="BadInputException">libespeak-ng is missing, lacks its data, or does not know the voice.</exception>
    public static (float[] Samples, IReadOnlyList<TimedPhoneme> Phonemes) Speak(string words, string voice, int speed = 160, int pitch = 50)
    {
        lock (gate)
        {
            try
            {
                Start();
                samples.Clear();
                phonemes.Clear();
                if (espeak_SetVoiceByName(voice) != 0)
                {
                    throw new BadInputException("libespeak-ng", $"voice {voice}", "it has no such voice");
                }
                espeak_SetParameter(RateParameter, speed, 0);
                espeak_SetParameter(PitchParameter, pitch, 0);
                var text = Encoding.UTF8.GetBytes(words + '\0');
                if (espeak_Synth(text, (nuint)text.Length, 0, Characters, 0, Utf8, null, null) != 0)
                {
                    throw new BadInputException("libespeak-ng", $"voice {voice}", "it failed to speak");
                }
            }
            catch (DllNotFoundException e)
            {
                throw new BadInputException("libespeak-ng", "", "the library libespeak-ng.so.1 is missing, and synthetic faces need its phonemes' times: install the package espeak-ng (apt-get install espeak-ng)", e);
            }
            if (samples.Count == 0)
            {
                throw new BadInputException("libespeak-ng", $"voice {voice}", $"it made no sound of \"{words}\"");
            }
            var rate = sampleRate;
            var timed = phonemes.Select(p => new TimedPhoneme((double)p.Sample / rate, p.Ipa)).ToArray();
            return (Resampler.Resample([.. samples.Select(s => s / 32768f)], rate, 16_000), timed);
        }
    }

    private static void Start()
    {
        if (sampleRate > 0)
        {
            return;
        }
        var rate = espeak_Initialize(Synchronous, 0, null, PhonemeEvents | InIpa | StayOnError);
        if (rate <= 0)
        {
            throw new BadInputException("libespeak-ng", "", "it does not start: its data are missing; install the package espeak-ng (apt-get install espeak-ng)");
        }
        espeak_SetSynthCallback(&Receive);
        sampleRate = rate;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(System.Runtime.CompilerServices.CallConvCdecl)])]
    private static int Receive(short* wave, int count, Event* events)
    {
        for (; events is not null && events->Type != 0; events++)
        {
            if (events->Type == PhonemeEvent)
            {
                var length = 0;
                while (length < 8 && events->Name[length] != 0)
                {
                    length++;
                }
                phonemes.Add((events->Sample, Encoding.UTF8.GetString(events->Name, length)));
            }
        }
        for (var i = 0; wave is not null && i < count; i++)
        {
            samples.Add(wave[i]);
        }
        return 0;
    }

    /// <summary>espeak-ng's record of an event: 40 bytes.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Event
    {
        public int Type;
        public uint Id;
        public int TextPosition;
        public int Length;
        public int Milliseconds;
        public int Sample;
        public void* User;
        public fixed byte Name[8];
    }

    private const string Library = "libespeak-ng.so.1";

    [DllImport(Library)]
    private static extern int espeak_Initialize(int output, int bufferLength, byte* path, int options);

    [DllImport(Library)]
    private static extern void espeak_SetSynthCallback(delegate* unmanaged[Cdecl]<short*, int, Event*, int> callback);

    [DllImport(Library, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    private static extern int espeak_SetVoiceByName([MarshalAs(UnmanagedType.LPStr)] string name);

    [DllImport(Library)]
    private static extern int espeak_SetParameter(int parameter, int value, int relative);

    [DllImport(Library)]
    private static extern int espeak_Synth(byte[] text, nuint size, uint position, int positionType, uint endPosition, uint flags, uint* identifier, void* user);
}
