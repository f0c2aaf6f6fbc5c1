//! What one selection of a data set wants: whom to ask, what, and what to make of the answers.

use std::collections::HashMap;

use serde_json::{Map, Value as Json};

use super::GraphqlError;
use super::dataset::{Dataset, Dimension, metric};
use super::document::Field;
use super::filter::Filter;
use super::time;
use crate::insights::{Key, Metric, Order, Question, Report, Sums, first};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Databases {
    All,
    /// By their ids.
    These(Vec<String>),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    dataset: Dataset,
    filter: Filter,
    orders: Vec<Order>,
    limit: usize,
    selected: Vec<Selected>,
}

#[derive(Clone, Debug, PartialEq)]
enum Selected {
    Count,
    Sum(Vec<Metric>),
    Avg(Vec<Metric>),
    Dimensions(Vec<Dimension>),
}

/// What is told of one group of runs.
struct Group {
    dimensions: Vec<(Dimension, String)>,
    /// The first.
    hour: u64,
    sums: Sums,
}

#[derive(Default)]
struct Groups {
    groups: Vec<Group>,
    by_dimensions: HashMap<Vec<(Dimension, String)>, usize>,
}

const LIMIT_DEFAULT: usize = 1_000;
const LIMIT_MAX: usize = 10_000;

impl Plan {
    pub(super) fn of(field: &Field) -> Result<Self, GraphqlError> {
        let dataset = Dataset::parse(&field.name)?;
        let mut plan = Plan {
            dataset,
            filter: Filter::of(field.arguments.get("filter"))?,
            orders: Vec::new(),
            limit: LIMIT_DEFAULT,
            selected: Vec::new(),
        };
        for (name, value) in &field.arguments {
            match name.as_str() {
                "filter" => {}
                "limit" => plan.limit = limit(value)?,
                "orderBy" => plan.orders = orders(value)?,
                _ => return Err(GraphqlError(format!("{} has no argument {name}", field.name))),
            }
        }
        let selected = field.fields.iter().map(|field| selected(dataset, field));
        plan.selected = selected.collect::<Result<_, _>>()?;
        match plan.selected.is_empty() {
            true => Err(GraphqlError(format!("Of {} nothing is selected", field.name))),
            false => Ok(plan),
        }
    }

    pub(super) fn name(&self) -> &'static str {
        self.dataset.as_str()
    }

    pub fn databases(&self) -> &Databases {
        &self.filter.databases
    }

    /// What each database's primary is asked.
    pub fn question(&self) -> Question {
        let Filter { from, to, .. } = self.filter;
        let (order, limit) = match self.dataset {
            Dataset::Analytics => (None, 0),
            Dataset::Queries => {
                let most = Order { key: Key::Count, descending: true };
                (Some(self.orders.first().copied().unwrap_or(most)), self.limit)
            }
        };
        Question { from, to, order, limit }
    }

    /// The groups that the reports come to, each with the id of its database.
    pub fn groups(&self, reports: &[(String, Report)]) -> Json {
        let mut groups = Groups::default();
        for (database, report) in reports {
            match self.dataset {
                Dataset::Analytics => report.hours.iter().for_each(|(hour, sums)| {
                    self.add(&mut groups, database, *hour, "", sums);
                }),
                Dataset::Queries => report.statements.iter().for_each(|(text, sums)| {
                    self.add(&mut groups, database, 0, text, sums);
                }),
            }
        }
        let groups = groups.groups;
        let places = first(groups.len(), self.limit, &self.orders, |key, place| {
            key.of(&groups[place].sums, groups[place].hour)
        });
        Json::Array(places.into_iter().map(|place| self.row(&groups[place])).collect())
    }

    /// Adds to the group that the dimensions make.
    fn add(&self, groups: &mut Groups, database: &str, hour: u64, text: &str, sums: &Sums) {
        let value = |dimension: &Dimension| match dimension {
            Dimension::DatabaseId => database.to_owned(),
            Dimension::Query => text.to_owned(),
            Dimension::Hour => time::hour_text(hour),
            Dimension::Date => time::date_text(hour / 24),
        };
        let wanted = self.selected.iter().filter_map(|selected| match selected {
            Selected::Dimensions(dimensions) => Some(dimensions),
            _ => None,
        });
        let dimensions: Vec<_> =
            wanted.flatten().map(|dimension| (*dimension, value(dimension))).collect();
        groups.add(dimensions, hour, sums);
    }

    fn row(&self, group: &Group) -> Json {
        let mut row = Map::new();
        for selected in &self.selected {
            let (key, value) = match selected {
                Selected::Count => ("count", group.sums.count().into()),
                Selected::Sum(metrics) => {
                    ("sum", numbers(metrics, |metric| metric.of(&group.sums)))
                }
                Selected::Avg(metrics) => {
                    ("avg", numbers(metrics, |metric| metric.average_of(&group.sums)))
                }
                Selected::Dimensions(_) => {
                    let mut values = Map::new();
                    for (dimension, value) in &group.dimensions {
                        values.insert(dimension.as_str().to_owned(), Json::from(value.as_str()));
                    }
                    ("dimensions", Json::Object(values))
                }
            };
            row.insert(key.to_owned(), value);
        }
        Json::Object(row)
    }
}

impl Groups {
    fn add(&mut self, dimensions: Vec<(Dimension, String)>, hour: u64, sums: &Sums) {
        match self.by_dimensions.get(&dimensions) {
            Some(index) => self.groups[*index].sums.add(sums),
            None => {
                self.by_dimensions.insert(dimensions.clone(), self.groups.len());
                self.groups.push(Group { dimensions, hour, sums: *sums });
            }
        }
    }
}

fn selected(dataset: Dataset, field: &Field) -> Result<Selected, GraphqlError> {
    let metrics =
        || field.fields.iter().map(|field| metric(&field.name)).collect::<Result<Vec<_>, _>>();
    Ok(match field.name.as_str() {
        "count" => Selected::Count,
        "sum" => Selected::Sum(metrics()?),
        "avg" => Selected::Avg(metrics()?),
        "dimensions" => {
            let dimensions = field.fields.iter().map(|field| dataset.dimension(&field.name));
            Selected::Dimensions(dimensions.collect::<Result<_, _>>()?)
        }
        name => {
            let text =
                format!("{} has no {name}: it has count, sum, avg, dimensions", dataset.as_str());
            return Err(GraphqlError(text));
        }
    })
}

fn limit(value: &Json) -> Result<usize, GraphqlError> {
    let limit = value.as_u64().filter(|limit| (1..=LIMIT_MAX as u64).contains(limit));
    limit.map(|limit| limit as usize).ok_or_else(|| {
        GraphqlError(format!("`limit` is {value}: it must be a number from 1 to {LIMIT_MAX}"))
    })
}

fn orders(value: &Json) -> Result<Vec<Order>, GraphqlError> {
    let one = std::slice::from_ref(value);
    let texts = value.as_array().map_or(one, Vec::as_slice);
    let order = |text: &Json| text.as_str().and_then(Order::parse);
    texts.iter().map(order).collect::<Option<_>>().ok_or_else(|| {
        GraphqlError(format!(
            "`orderBy` is {value}: it must be of the form sum_rowsRead_DESC, avg_rowsRead_ASC, \
             count_DESC, datetimeHour_ASC or date_ASC"
        ))
    })
}

/// Whole ones without a fraction, as they are in D1's answers.
fn numbers(metrics: &[Metric], value: impl Fn(Metric) -> f64) -> Json {
    let mut numbers = Map::new();
    for metric in metrics {
        let value = value(*metric);
        let number = if value.fract() == 0.0 { Json::from(value as u64) } else { value.into() };
        numbers.insert(metric.as_str().to_owned(), number);
    }
    Json::Object(numbers)
}

impl Databases {
    /// Leaves of these databases only those with one of the ids.
    pub(super) fn keep(&mut self, ids: &[&str]) {
        let known = std::mem::replace(self, Databases::All);
        let ids = ids.iter().map(|id| id.to_string());
        *self = Databases::These(match known {
            Databases::All => ids.collect(),
            Databases::These(known) => ids.filter(|id| known.contains(id)).collect(),
        });
    }
}
