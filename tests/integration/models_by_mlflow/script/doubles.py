from mlflow.models import set_model
from mlflow.pyfunc import PythonModel


class Doubles(PythonModel):
    def predict(self, context, model_input, params=None):
        return model_input * (params or {}).get("by", 2)


set_model(Doubles())
