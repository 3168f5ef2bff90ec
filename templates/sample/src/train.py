"""Fits the model on the training table."""

import argparse

import dataset
import logistic_regression
import tracking


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--training", required=True)
    parser.add_argument("--epochs", type=int, required=True)
    parser.add_argument("--learning-rate", type=float, default=0.1)
    parser.add_argument("--model", required=True)
    arguments = parser.parse_args()

    features, rows, labels = dataset.read_table(arguments.training)
    print(f"{len(rows)} biopsies, {len(features)} features, {arguments.epochs} epochs of gradient descent")
    tracking.log_parameters({"epochs": arguments.epochs, "learning_rate": arguments.learning_rate})

    def report(epoch, loss):
        if epoch == arguments.epochs or epoch % max(1, arguments.epochs // 10) == 0:
            print(f"epoch {epoch}: loss {loss:.5f}", flush=True)
            tracking.log_metrics({"training_loss": loss}, step=epoch)

    model = logistic_regression.fit(features, rows, labels, arguments.epochs, arguments.learning_rate, report)
    logistic_regression.save(model, arguments.model)


if __name__ == "__main__":
    main()
