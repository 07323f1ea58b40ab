"""Training: a fold over batches that yields immutable states; what looks at them on their way, and keeps them.

model = nn.serial(nn.linear(10), nn.relu, nn.linear(2))
params, layer_state = model.init(key, train_set.inputs[:1])
loss = objective(model, nn.losses.cross_entropy)
state = start(params, optimiser, key, layer_state)
for state in train(loss, (train_set.inputs, train_set.labels), state, optimiser, batch_size=64, epochs=20):
    ...
"""

from tapegrad.training.checkpoints import load, packed, save
from tapegrad.training.diagnosis import DeadUnits, LayerNorm, dead_units, gradient, layer_norms
from tapegrad.training.evaluation import Accuracy, Fit, accuracy, confusion_matrix, fit, outputs
from tapegrad.training.fold import steps, train
from tapegrad.training.state import Examples, Loss, Objective, State, objective, start
from tapegrad.training.streams import early_stopping, watched

__all__ = [
    "Accuracy", "DeadUnits", "Examples", "Fit", "LayerNorm", "Loss", "Objective", "State", "accuracy",
    "confusion_matrix", "dead_units", "early_stopping", "fit", "gradient", "layer_norms", "load", "objective",
    "outputs", "packed", "save", "start", "steps", "train", "watched",
]  # fmt: skip
