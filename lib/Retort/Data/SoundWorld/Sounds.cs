namespace Retort.Data;

/// <summary>Fills a silent span with one event.</summary>
internal delegate void SoundMaker(Span<float> x, EventDraw e);

/// <summary>What makes each sound that a recipe may name.</summary>
internal static class Sounds
{
    /// <summary>Part of the hash of made data: raised by whoever changes how a sound is made.</summary>
    public const int Version = 1;

    public static IReadOnlyDictionary<string, SoundMaker> Makers { get; } = new SoundMaker[]
    {
        TonalSounds.PureTone, TonalSounds.OrganTone, TonalSounds.Siren, TonalSounds.Bell, TonalSounds.Engine,
        TonalSounds.AlarmBeep, TonalSounds.PluckedString, TonalSounds.StruckBar, TonalSounds.Whistle,
        TonalSounds.TelephoneRing, TonalSounds.VacuumCleaner,
        NoisySounds.Rain, NoisySounds.Wind, NoisySounds.Knock, NoisySounds.Footsteps, NoisySounds.ClockTicking,
        NoisySounds.WaterDrop, NoisySounds.Stream, NoisySounds.Applause, NoisySounds.Drum, NoisySounds.Thunder,
        NoisySounds.Cymbal,
        CreatureSounds.BirdChirp, CreatureSounds.DogBark, CreatureSounds.Cricket, CreatureSounds.CatMeow,
        CreatureSounds.CreakingDoor,
    }.ToDictionary(m => m.Method.Name);
}
