"""What is known of functions and methods: which libraries leave their arguments alone, which calls change an object.

What is not in these tables is held to change what it gets.
"""

from __future__ import annotations

from typing import Final


def words(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


PURE_LIBRARIES: Final = words(
    """
    builtins numpy pandas sklearn scipy matplotlib seaborn plotly math statistics itertools functools
    collections json re os pathlib operator copy string datetime time polars pyarrow statsmodels IPython io csv
    pprint tracker xgboost lightgbm torch hashlib textwrap decimal fractions warnings typing dataclasses sys
    glob shutil pickle joblib altair imblearn networkx nltk PIL tqdm sympy numba
    """
)
CHANGING_FUNCTIONS: Final = words(
    """
    shuffle next setattr delattr heappush heappop heapify heapreplace heappushpop insort insort_left
    insort_right put copyto fill_diagonal place putmask at put_along_axis init_ kaiming_normal_ xavier_uniform_
    clip_grad_norm_ clip_grad_value_ backward readinto setitem delitem iadd
    """
)
METHODS: Final[dict[type, frozenset[str]]] = {
    list: words(
        """
    append extend insert remove pop clear sort reverse __setitem__ __delitem__ __iadd__
    """
    ),
    dict: words(
        """
    update setdefault pop popitem clear __setitem__ __delitem__ subtract move_to_end
    """
    ),
    set: words(
        """
    add remove discard pop clear update intersection_update difference_update symmetric_difference_update
    """
    ),
    bytearray: words("append extend insert remove pop clear reverse"),
}
ARRAY_CHANGES: Final = words("sort fill put itemset partition resize setflags setfield setdefault")
FRAME_CHANGES: Final = words("insert pop update __setitem__ set_flags")
LEAVES_ALONE: Final = words(
    """
    predict predict_proba predict_log_proba decision_function transform score score_samples get_params
    kneighbors get_feature_names_out apply cost_complexity_pruning_path staged_predict keys values items get
    copy count index head tail describe info mean sum std var min max median quantile round abs all any astype
    reshape ravel flatten tolist to_numpy to_list to_dict to_csv to_json to_string item groupby agg aggregate
    merge join corr cov dropna drop fillna replace sample sort_values sort_index reset_index set_index rename
    value_counts unique nunique isna isnull notna notnull query eval assign map applymap iterrows itertuples
    select_dtypes pivot pivot_table melt stack unstack cumsum cumprod diff pct_change shift rolling expanding
    ewm resample clip dot argmax argmin argsort nonzero transpose squeeze cumcount size idxmax idxmin nlargest
    nsmallest between isin explode rank where mask duplicated drop_duplicates combine_first filter format split
    strip lower upper startswith endswith encode decode read_text exists is_file is_dir state_dict parameters
    named_parameters children modules dim numel detach cpu numpy summary plot hist bar get_group most_common
    elements union intersection difference issubset issuperset
    """
)
CONSUMED: Final = frozenset({"generator", "zip", "map", "filter", "enumerate", "count", "cycle", "chain", "islice"})
CONFIGURES: Final = (
    "set_",
    "seterr",
    "use",
    "register",
    "enable_",
    "disable_",
    "filterwarnings",
    "simplefilter",
)
SEEDING: Final = words("seed set_seed seed_everything set_random_seed manual_seed manual_seed_all seed_all fix_seed")
