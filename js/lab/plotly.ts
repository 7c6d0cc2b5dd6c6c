/** A chunk of its own, loaded when a chart is first needed. */
export { default } from 'plotly.js-cartesian-dist-min';
