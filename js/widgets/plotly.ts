/** The asset widget: holds plotly.js for every comparison of the page. */
import Plotly from 'plotly.js-cartesian-dist-min';

export default {
  initialize() {
    return { Plotly };
  },
};
