/** plotly.js: a module of its own, loaded when a chart is first drawn. */
export { default } from 'plotly.js-cartesian-dist-min';
