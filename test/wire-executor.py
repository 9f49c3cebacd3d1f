"""An executor written against the wire alone (contract 9): what a stranger would make of it.

Tasks run until they are killed. It writes down each launch in the file `launched` of its sandbox, once
per LAUNCH that it hears. A message `finish TASK` ends that task well when the agent is away next; every
other message goes back to the scheduler, with `echo ` in front.
"""
import base64
import http.client
import json
import os
import random
import sys
import threading
import time
import uuid

ENDPOINT = os.environ["MESOS_AGENT_ENDPOINT"]
IDS = {
    "framework_id": {"value": os.environ["MESOS_FRAMEWORK_ID"]},
    "executor_id": {"value": os.environ["MESOS_EXECUTOR_ID"]},
}
PATIENCE = 60 if os.environ["MESOS_CHECKPOINT"] == "1" else 0
HEADERS = {"Content-Type": "application/json", "Accept": "application/json"}

running = {}
unacknowledged_tasks = {}
unacknowledged_updates = {}
to_finish = []


def post(call):
    """False when nobody heard it: it is said again with the next SUBSCRIBE."""
    try:
        connection = http.client.HTTPConnection(ENDPOINT, timeout=10)
        connection.request("POST", "/api/v1/executor", json.dumps({**IDS, **call}), HEADERS)
        status = connection.getresponse().status
        connection.close()
        return status == 202
    except OSError:
        return False


def update(task_id, state, is_said=True):
    key = uuid.uuid4()
    status = {
        "task_id": {"value": task_id},
        "executor_id": IDS["executor_id"],
        "source": "SOURCE_EXECUTOR",
        "state": state,
        "timestamp": time.time(),
        "uuid": base64.b64encode(key.bytes).decode(),
        "data": base64.b64encode(b"of " + task_id.encode()).decode(),
    }
    unacknowledged_updates[status["uuid"]] = {"status": status}
    if is_said:
        post({"type": "UPDATE", "update": {"status": status}})


def launch(task):
    task_id = task["task_id"]["value"]
    with open("launched", "a", encoding="utf-8") as file:
        file.write(task_id + "\n")
    running[task_id] = task
    unacknowledged_tasks[task_id] = task
    update(task_id, "TASK_RUNNING")


def end(task_id, state, is_said=True):
    if running.pop(task_id, None) is not None:
        update(task_id, state, is_said)


def hear(event):
    kind = event["type"]
    if kind == "LAUNCH":
        launch(event["launch"]["task"])
    elif kind == "LAUNCH_GROUP":
        for task in event["launch_group"]["task_group"]["tasks"]:
            launch(task)
    elif kind == "KILL":
        end(event["kill"]["task_id"]["value"], "TASK_KILLED")
    elif kind == "ACKNOWLEDGED":
        unacknowledged_updates.pop(event["acknowledged"]["uuid"], None)
        unacknowledged_tasks.pop(event["acknowledged"]["task_id"]["value"], None)
    elif kind == "MESSAGE":
        text = base64.b64decode(event["message"]["data"]).decode()
        if text.startswith("finish "):
            to_finish.append(text[len("finish "):])
        else:
            data = base64.b64encode(("echo " + text).encode()).decode()
            post({"type": "MESSAGE", "message": {"data": data}})
    elif kind in ("SHUTDOWN", "ERROR"):
        threading.Thread(target=shut_down, daemon=True).start()


def shut_down():
    for task_id in list(running):
        end(task_id, "TASK_KILLED")
    while unacknowledged_updates:
        time.sleep(0.02)
    os._exit(0)


def records(response):
    while True:
        length = response.readline()
        if length == b"":
            return
        yield json.loads(response.read(int(length)))


def subscribe():
    """Returns when the stream is over; False when there was none."""
    subscription = {
        "unacknowledged_tasks": list(unacknowledged_tasks.values()),
        "unacknowledged_updates": list(unacknowledged_updates.values()),
    }
    call = {**IDS, "type": "SUBSCRIBE", "subscribe": subscription}
    connection = http.client.HTTPConnection(ENDPOINT)
    is_heard = False
    try:
        connection.request("POST", "/api/v1/executor", json.dumps(call), HEADERS)
        response = connection.getresponse()
        if response.status != 200:
            return False
        is_heard = True
        for event in records(response):
            hear(event)
    except (OSError, http.client.HTTPException, ValueError):
        pass
    finally:
        connection.close()
    return is_heard


def main():
    alone_since = time.monotonic()
    while True:
        if subscribe():
            alone_since = time.monotonic()
            for task_id in to_finish:
                end(task_id, "TASK_FINISHED", is_said=False)
            to_finish.clear()
        if time.monotonic() - alone_since > PATIENCE:
            sys.exit(1)
        time.sleep(random.uniform(0.05, 0.2))


main()
