declare module 'plotly.js-cartesian-dist-min' {
  const Plotly: import('./plotly').PlotlyLike;
  export default Plotly;
}
