// Checks figures by plotly.js's own Plotly.validate, in a document without a browser (jsdom).
//   node validate.js FOLDER-OF-NODE-MODULES full|cartesian FIGURES.json
// FIGURES.json is an object from names to figures. Prints a JSON list of {name, code, path, msg}; frames are checked as
// the base traces with the frame's traces put over them.
const path = require('path');
const fs = require('fs');
const [modules, bundle, file] = process.argv.slice(2);
const from = (name) => path.join(modules, 'node_modules', name);
const { JSDOM } = require(from('jsdom'));
const library = bundle === 'cartesian'
  ? from('plotly.js-cartesian-dist-min/plotly-cartesian.min.js') : from('plotly.js-dist-min/plotly.min.js');
const dom = new JSDOM('<!doctype html><body></body>', { runScripts: 'outside-only', pretendToBeVisual: true });
const { window } = dom;
// What plotly.js asks of a browser while it loads.
window.URL.createObjectURL = () => '';
window.TextDecoder = TextDecoder;
window.TextEncoder = TextEncoder;
window.HTMLCanvasElement.prototype.getContext = () => null;
window.eval(fs.readFileSync(library, 'utf8'));
// Arrays must be of the window's realm: parse there.
window.figuresText = fs.readFileSync(file, 'utf8');
const issues = JSON.parse(window.eval(`(function () {
  var found = [], figures = JSON.parse(figuresText);
  function check(name, data, layout) {
    (Plotly.validate(data, layout) || []).forEach(function (issue) {
      found.push({ name: name, code: issue.code, path: issue.astr, msg: issue.msg });
    });
  }
  Object.keys(figures).forEach(function (name) {
    var figure = figures[name];
    check(name, figure.data, figure.layout);
    (figure.frames || []).forEach(function (frame) {
      var data = frame.data.map(function (trace, i) { return Object.assign({}, figure.data[i], trace); });
      check(name + ', frame ' + frame.name, data, Object.assign({}, figure.layout, frame.layout || {}));
    });
  });
  return JSON.stringify(found);
})()`));
console.log(JSON.stringify(issues));
