// One container: a static picture that stays where scripts are stripped, the figure's JSON, and a script that draws the
// figure in the picture's place where the page has plotly.js (window.Plotly, 4.x). It waits ten seconds for it.

namespace Retort.Plots;

/// <summary>A figure's text/html.</summary>
internal static class FigureHtml
{
    // Traces of a kind that the page's plotly.js does not know (3-D in its small bundle) leave the picture as it is.
    private const string Script = """
        (function () {
          var tries = 0;
          (function draw() {
            var Plotly = window.Plotly;
            if (!Plotly) { if (tries++ < 40) setTimeout(draw, 250); return; }
            var known = Plotly.PlotSchema.get().traces;
            document.querySelectorAll('.retort-figure:not([data-drawn])').forEach(function (card) {
              card.setAttribute('data-drawn', '');
              var figure = JSON.parse(card.querySelector('script[type="application/json"]').textContent);
              if (!figure.data.every(function (trace) { return known[trace.type || 'scatter']; })) return;
              var place = document.createElement('div');
              place.style.height = figure.layout.height + 'px';
              card.insertBefore(place, card.firstChild);
              Plotly.newPlot(place, figure).then(function () { card.querySelector('img').style.display = 'none'; },
                function () { place.remove(); });
            });
          })();
        })();
        """;

    public static string Write(Figure figure)
    {
        var title = Markup.Text(figure.Title.Length > 0 ? figure.Title : "figure");
        return $"<div class=\"retort-figure\" style=\"{Markup.Card};padding:6px;width:{figure.Width + 14}px;overflow:auto\">"
            + $"<img alt=\"{title}\" width=\"{figure.Width}\" height=\"{figure.Height}\" style=\"max-width:100%;height:auto;display:block\" "
            + $"src=\"{Markup.SvgUri(figure.ToSvg())}\">"
            + $"<script type=\"application/json\">{figure.ToJson()}</script><script>{Script}</script></div>";
    }
}
