//! Commands: execute, look at, cancel.

use crate::fields::{Object, Value};
use crate::results::ResultsOrRaw;
use crate::{ClusterId, CommandId, ContextId, Fields, Language, Results};
use serde::de::{Deserialize, DeserializeOwned, Deserializer, Error as _, MapAccess, Visitor};
use serde::ser::Serialize;
use serde_json::value::RawValue;
use std::fmt;

open_enum! {
    /// What a command is doing.
    pub enum CommandStatus {
        /// It was cancelled. The real service mostly says `Finished` with an error instead. `Canceled` is read too,
        /// and written back in a message it came with.
        ///
        /// See [`RemoteError::is_cancelled`](crate::RemoteError::is_cancelled).
        Cancelled = "Cancelled" | "Canceled",
        /// It is being cancelled.
        Cancelling = "Cancelling",
        /// The engine failed. An exception of the user's code is `Finished` with an error instead.
        Error = "Error",
        /// It ended; the results say how.
        Finished = "Finished",
        /// It waits for the commands before it.
        Queued = "Queued",
        /// It runs.
        Running = "Running",
    }
}

impl CommandStatus {
    /// Whether the command has ended and its status will not change. Never true for an unknown status.
    pub fn is_terminal(&self) -> bool {
        matches!(self, Self::Cancelled | Self::Error | Self::Finished)
    }
}

message! {
    /// `POST /api/1.2/commands/execute`: runs code in a context. The code is given either as text or as the path of a
    /// file on the server, not as both.
    pub struct ExecuteCommand {
        /// On which cluster.
        cluster_id: ClusterId = "clusterId",
        /// In which context.
        context_id: ContextId = "contextId",
        /// The language of the code; the context's when missing. It may be another than the context's.
        language: Option<Language> = "language",
        /// The code.
        command: Option<String> = "command",
        /// The path of a file, on the server, that holds the code.
        command_file: Option<String> = "commandFile",
        /// Options for the server, such as `displayRowLimit`.
        options: Option<CommandOptions> = "options",
    }
}

impl ExecuteCommand {
    /// Asks to run code in a context, in the context's language.
    pub fn new(cluster_id: impl Into<ClusterId>, context_id: impl Into<ContextId>, command: impl Into<String>) -> Self {
        Self {
            cluster_id: cluster_id.into(),
            context_id: context_id.into(),
            language: None,
            command: Some(command.into()),
            command_file: None,
            options: None,
            extra: Fields::default(),
        }
    }
}

/// The options of a command: a map of values used downstream.
///
/// The document calls it text, and a map. It is written as a JSON object, or as that object's JSON text where only text
/// can travel; both are read, and kept as they came.
#[derive(Clone)]
pub struct CommandOptions(Box<RawValue>);

impl CommandOptions {
    /// The options with `name` set.
    ///
    /// # Errors
    /// When the value cannot be written as JSON.
    pub fn with(self, name: &str, value: impl Serialize) -> Result<Self, serde_json::Error> {
        let mut fields = self.fields();
        fields.set(name, &value)?;
        serde_json::value::to_raw_value(&fields).map(Self)
    }

    /// The value of `name` read as `T`.
    pub fn read<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        self.fields().read(name)
    }

    /// All options. Empty when they are not a map, or a map's JSON text.
    pub fn fields(&self) -> Fields {
        let text = serde_json::from_str::<String>(self.0.get());
        serde_json::from_str(text.as_deref().unwrap_or(self.0.get())).unwrap_or_default()
    }
}

impl Default for CommandOptions {
    fn default() -> Self {
        Self(RawValue::from_string("{}".to_owned()).unwrap_or_default())
    }
}

/// From the JSON text of a map, as a command line or a form has it.
impl std::str::FromStr for CommandOptions {
    type Err = serde_json::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        serde_json::from_str::<Fields>(text)?;
        RawValue::from_string(text.to_owned()).map(Self)
    }
}

impl Value for CommandOptions {}

impl PartialEq for CommandOptions {
    fn eq(&self, other: &Self) -> bool {
        self.fields() == other.fields()
    }
}

impl fmt::Debug for CommandOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.get())
    }
}

impl Serialize for CommandOptions {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for CommandOptions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Box::deserialize(deserializer).map(Self)
    }
}

message! {
    /// The answer to [`ExecuteCommand`]. The command may still be `Queued`.
    pub struct SubmittedCommand {
        /// The new command.
        id: CommandId = "id",
    }
}

impl SubmittedCommand {
    /// The answer that names the new command.
    pub fn new(id: impl Into<CommandId>) -> Self {
        Self {
            id: id.into(),
            extra: Fields::default(),
        }
    }
}

message! {
    /// `GET /api/1.2/commands/status`: one command and its results.
    pub struct GetCommand {
        /// On which cluster.
        cluster_id: ClusterId = "clusterId",
        /// In which context.
        context_id: ContextId = "contextId",
        /// Which command.
        command_id: CommandId = "commandId",
    }
}

impl GetCommand {
    /// Asks for one command.
    pub fn new(
        cluster_id: impl Into<ClusterId>,
        context_id: impl Into<ContextId>,
        command_id: impl Into<CommandId>,
    ) -> Self {
        Self {
            cluster_id: cluster_id.into(),
            context_id: context_id.into(),
            command_id: command_id.into(),
            extra: Fields::default(),
        }
    }
}

wire_object! {
    /// A command, as `commands/status` describes it.
    pub struct CommandInfo {
        /// Its id.
        id: Option<CommandId> = "id",
        /// What it is doing.
        status: CommandStatus = "status",
        /// What came of it. Missing or `null` until it has ended; a finished command may have none. What is no object
        /// is in `extra`.
        results: Option<Results> = "results",
    }
}

impl CommandInfo {
    /// A command in a state.
    pub fn new(id: impl Into<CommandId>, status: CommandStatus, results: Option<Results>) -> Self {
        Self {
            id: Some(id.into()),
            status,
            results,
            extra: Fields::default(),
        }
    }
}

/// Results may be large: they are decoded on the way, not kept as text first like the other fields.
impl<'de> Deserialize<'de> for CommandInfo {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct CommandVisitor;

        impl<'de> Visitor<'de> for CommandVisitor {
            type Value = CommandInfo;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a command's status")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<CommandInfo, A::Error> {
                let mut fields = Vec::new();
                // Of a name that comes twice the last value counts.
                let mut last = None;
                while let Some(name) = map.next_key::<String>()? {
                    match name == "results" {
                        true => last = Some(map.next_value()?),
                        false => fields.push((name, map.next_value()?)),
                    }
                }
                let results = match last {
                    Some(ResultsOrRaw::Results(results)) => Some(results),
                    Some(ResultsOrRaw::Raw(raw)) => {
                        fields.push(("results".to_owned(), raw));
                        None
                    }
                    None => None,
                };
                let mut info = CommandInfo::from_fields(Fields::of(fields)).map_err(A::Error::custom)?;
                info.results = results;
                Ok(info)
            }
        }

        deserializer.deserialize_map(CommandVisitor)
    }
}

message! {
    /// `POST /api/1.2/commands/cancel`: cancels a command.
    pub struct CancelCommand {
        /// On which cluster.
        cluster_id: ClusterId = "clusterId",
        /// In which context.
        context_id: ContextId = "contextId",
        /// Which command.
        command_id: CommandId = "commandId",
    }
}

impl CancelCommand {
    /// Asks to cancel a command.
    pub fn new(
        cluster_id: impl Into<ClusterId>,
        context_id: impl Into<ContextId>,
        command_id: impl Into<CommandId>,
    ) -> Self {
        Self {
            cluster_id: cluster_id.into(),
            context_id: context_id.into(),
            command_id: command_id.into(),
            extra: Fields::default(),
        }
    }
}

message! {
    /// The answer to [`CancelCommand`]: the request was taken, the command may still run for a while.
    #[derive(Default)]
    pub struct CancelledCommand {
        /// The command, where the server names it: some answer `{}` or nothing.
        id: Option<CommandId> = "id",
    }
}

impl CancelledCommand {
    /// The answer that names the command.
    pub fn new(id: impl Into<CommandId>) -> Self {
        Self {
            id: Some(id.into()),
            extra: Fields::default(),
        }
    }
}
