using System.Globalization;
using Retort.Plots;
using Retort.Statistics;

namespace Retort.Claims;

/// <summary>
/// All claims of one paper. Their p-values are corrected together (Holm), over every claim that has a test: adding one may
/// change the verdict of another, so show them when all are there.
/// </summary>
/// <param name="paper">the paper's short name, such as "ced"</param>
/// <param name="size">the size of the run: smoke, quick, full or paper</param>
/// <param name="seeds">the seeds of the run</param>
/// <param name="notebook">the notebook that shows them, such as "01-consistent-ensemble.ipynb"</param>
[TypeFormatterSource(typeof(FormatterSource))]
public sealed class ClaimSet(string paper, string size, IReadOnlyList<long> seeds, string notebook = "") : IDisplayable
{
    private readonly List<Claim> claims = [];
    private readonly List<Fact> facts = [];

    /// <summary>The paper's short name.</summary>
    public string Paper => paper;

    /// <summary>All claims in the order in which they were added, with corrected p-values.</summary>
    public IReadOnlyList<Claim> Claims
    {
        get
        {
            // At smoke nothing is decided, with or without a correction.
            var corrected = Holm.Correct([.. claims.Select(c => c.PValue ?? double.NaN)]);
            var family = corrected.Count(p => !double.IsNaN(p));
            return [.. claims.Select((c, i) => c with { PHolm = double.IsNaN(corrected[i]) ? null : corrected[i], Family = family })];
        }
    }

    /// <summary>What was counted, without a verdict.</summary>
    public IReadOnlyList<Fact> Facts => facts;

    /// <summary>A claim by its name, with or without the paper's before it.</summary>
    /// <exception cref="ArgumentException">There is none.</exception>
    public Claim this[string id] => Claims.FirstOrDefault(c => c.Id == id || c.Id == $"{paper}/{id}")
        ?? throw new ArgumentException($"no claim '{id}', there are: {string.Join(", ", claims.Select(c => c.Id))}");

    /// <summary>Adds a claim, or replaces the one of this name, so that a cell may run again.</summary>
    /// <param name="id">such as "consistency"</param>
    /// <param name="says">what the paper says, in short, in our words</param>
    /// <param name="effect">what we measured; its direction is the rule's: a gain for Greater, a fall for Less</param>
    /// <param name="rule">how it decides, fixed before measuring</param>
    /// <param name="published">the paper's numbers in words, with unit and place</param>
    /// <param name="publishedEffect">the published size of this effect, in its unit and direction</param>
    /// <param name="measured">what the effect is, such as "test mAP of 'CED' less that of 'labels'"</param>
    /// <param name="unit">such as "points"; not for shares, which are shown in percent</param>
    /// <param name="notes">reasons and limits</param>
    /// <param name="cell">the cell that shows it</param>
    /// <param name="seeds">the effect's seeds where they are not the set's</param>
    /// <returns>The claim, with p-values corrected for the claims so far.</returns>
    /// <exception cref="ArgumentException">The effect is over another number of seeds, or the published effect is not what the rule asks for.</exception>
    public Claim Add(string id, string says, Effect effect, ClaimRule rule, string published = "direction only; no numbers published",
        double? publishedEffect = null, string measured = "", string unit = "", string notes = "", string cell = "", IReadOnlyList<long>? seeds = null)
    {
        var named = seeds ?? this.Seeds;
        if (named.Count != effect.Seeds)
        {
            throw new ArgumentException($"claim '{id}': the effect is over {effect.Seeds} seeds, {named.Count} are named: {string.Join(", ", named)}", nameof(seeds));
        }
        if (rule.Kind == "share" && effect is not ShareEffect)
        {
            throw new ArgumentException($"claim '{id}': a rule of a share needs an effect that is one (PairedEffect.Share)", nameof(effect));
        }
        if (publishedEffect is { } theirs && !rule.Asks(theirs))
        {
            throw new ArgumentException($"claim '{id}': the published effect {theirs.ToString(CultureInfo.InvariantCulture)} is not what its rule asks for ({rule.Words}); is a direction turned round, or the unit another?", nameof(publishedEffect));
        }
        var (holds, fails) = rule.Test(effect);
        var tested = !double.IsNaN(holds) && !double.IsNaN(fails);
        var claim = new Claim
        {
            Id = $"{paper}/{id}",
            Paper = paper,
            Says = says,
            Published = published,
            PublishedEffect = publishedEffect,
            Measured = measured,
            Unit = unit,
            Effect = effect.Estimate,
            Low = effect.Low,
            High = effect.High,
            PFor = tested ? holds : null,
            PAgainst = tested ? fails : null,
            PValue = tested ? Math.Min(1, 2 * (Claim.LeansFor(holds, fails, rule.Alpha) ? holds : fails)) : null,
            Test = effect.Method,
            Seeds = [.. named],
            OfSeeds = [.. effect.OfSeeds],
            Size = size,
            Rule = rule,
            Notes = notes,
            Notebook = notebook,
            Cell = cell,
        };
        var place = claims.FindIndex(c => c.Id == claim.Id);
        if (place >= 0)
        {
            claims[place] = claim;
        }
        else
        {
            claims.Add(claim);
        }
        return this[claim.Id];
    }

    /// <summary>Adds something counted, or replaces the fact of this name.</summary>
    /// <param name="id">such as "storage"</param>
    /// <param name="says">what the paper says, in short, in our words</param>
    /// <param name="published">the paper's numbers</param>
    /// <param name="here">ours, with the unit</param>
    /// <param name="notes">limits</param>
    /// <param name="cell">the cell that shows it</param>
    public Fact AddFact(string id, string says, string published, string here, string notes = "", string cell = "")
    {
        var fact = new Fact { Id = $"{paper}/{id}", Paper = paper, Says = says, Published = published, Here = here, Notes = notes, Notebook = notebook, Cell = cell };
        facts.RemoveAll(f => f.Id == fact.Id);
        facts.Add(fact);
        return fact;
    }

    /// <summary>The run's seeds.</summary>
    public IReadOnlyList<long> Seeds { get; } = [.. seeds];

    /// <summary>One table of all claims; what stands behind each is folded.</summary>
    public ClaimTable Table(string title = "") => new(Claims, facts, title);

    /// <summary>Every effect with its interval, ours and published, the verdict as colour; one plot a unit.</summary>
    public Figure ForestPlot(string title = "Claims: ours and published") => Claims.Count > 0 ? Forest.Plot(Claims, title)
        : throw new InvalidOperationException("there are no claims to plot yet");

    /// <summary>Puts all claims and facts into the results' files, in place of all this paper's that are there, and returns the set.</summary>
    /// <param name="file">null: the file of the results folder, see <see cref="ClaimFile"/></param>
    public ClaimSet Save(ClaimFile? file = null)
    {
        (file ?? new ClaimFile()).Replace(paper, Claims, facts);
        return this;
    }

    /// <inheritdoc/>
    public string ToHtml() => Table().ToHtml();

    /// <inheritdoc/>
    public string ToText() => Table().ToText();

    /// <summary>The text form.</summary>
    public override string ToString() => ToText();
}
